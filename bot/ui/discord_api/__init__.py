"""Discord over HTTP: sending what is owed, editing it, reading what stands there."""

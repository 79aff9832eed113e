"""Discord over HTTP: sending deliveries, editing them, reading messages and reactions."""

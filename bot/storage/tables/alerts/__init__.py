"""Our tables about the messages of monitors."""

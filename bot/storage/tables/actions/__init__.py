"""Our tables about action items."""

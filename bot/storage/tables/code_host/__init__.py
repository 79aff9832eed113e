"""Our tables about what is exported to the code host."""

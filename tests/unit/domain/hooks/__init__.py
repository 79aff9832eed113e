"""Rules for hooks."""

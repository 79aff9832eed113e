"""The commands that change who is on call."""

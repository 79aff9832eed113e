"""Undelivered notifications (DLQ): looked into, exported, sent again, watched. README.md has the rules."""

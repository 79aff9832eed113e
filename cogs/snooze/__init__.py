"""Snooze (後で): an acknowledged incident asks again at a time, unless it moved on. See README.md."""

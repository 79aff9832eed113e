"""Changing who is on call, and telling of it: schedules, swaps, handovers. README.md has the rules."""

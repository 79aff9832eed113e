"""Absences (不在): shifts in them are announced, and others take them. README.md has the rules."""

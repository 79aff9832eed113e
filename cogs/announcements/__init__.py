"""Announcements (告知) of an incident to its users. README.md has the rules."""

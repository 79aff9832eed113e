"""Suspects (直前の変更): what changed before an incident, and past ones alike. README.md has the rules."""

"""Drills (訓練): an incident that is practised, from the alert to the score. README.md has the rules."""

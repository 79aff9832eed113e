"""Screens of what follows an incident: action items and the postmortem."""

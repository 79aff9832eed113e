"""Acknowledging an incident, by button, reaction, DM or email, and reading the reactions again."""

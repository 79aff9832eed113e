"""Postmortems and action items on a GitHub."""

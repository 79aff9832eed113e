"""Resolving with words, and postmortems."""

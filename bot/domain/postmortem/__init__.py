"""Postmortems: who owes one, by when, and when they are reminded."""

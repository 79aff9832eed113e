"""Escalating while the database is away, from a mirror and a journal on disk."""

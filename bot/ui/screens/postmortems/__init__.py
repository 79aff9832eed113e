"""Screens about postmortems: what is owed, and the documents."""

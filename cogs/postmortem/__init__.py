"""Postmortems: who owes one, the draft, and its pull request. README.md has the rules."""

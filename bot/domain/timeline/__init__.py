"""The entries of an incident's history."""

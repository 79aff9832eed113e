"""The decision tree and one walk through it."""

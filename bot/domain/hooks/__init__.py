"""Hooks: requests by which other systems report alerts."""

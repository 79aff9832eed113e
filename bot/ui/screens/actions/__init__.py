"""Screens about action items."""

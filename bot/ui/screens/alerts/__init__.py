"""Screens about the alerts of monitors."""

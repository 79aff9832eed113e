"""Alerts of monitors: their subject, their severity, and whether they are over."""

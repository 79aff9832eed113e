"""Alerts that others post: what they are about, and whether they are over."""

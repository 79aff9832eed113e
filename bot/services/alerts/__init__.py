"""Alerts that others post: tracked, asked about, closed by a recovery."""

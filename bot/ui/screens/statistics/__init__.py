"""Screens of `/stats`."""

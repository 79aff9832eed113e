"""Readers of hooks, one module per system."""

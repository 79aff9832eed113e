"""Hooks, processed on PostgreSQL."""

"""Fixtures that every tier shares; a tier's own live in its folder."""

from tests.postgres import cluster, database_url, empty_database_url, template

__all__ = ["cluster", "database_url", "empty_database_url", "template"]

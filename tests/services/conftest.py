"""Fixtures of this tier."""

from tests.services.fixtures import another_database, database, desk, standing

__all__ = ["another_database", "database", "desk", "standing"]

"""Fixtures of this tier: every local Discord that a test starts is watched."""

from local_discord.tests.watch import watched
from tests.services.fixtures import another_database, database, desk, standing

__all__ = ["another_database", "database", "desk", "standing", "watched"]

"""Fixtures of this tier: every local Discord that a test starts is watched."""

from local_discord.tests.watch import watched

__all__ = ["watched"]

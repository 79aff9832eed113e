"""Fixtures of this tier: every local Discord that a test starts is watched."""

from tests.sandbox.watch import watched

__all__ = ["watched"]

"""The store of the tests of SQL."""

from tests.integration.storage.conftest import rig

__all__ = ["rig"]

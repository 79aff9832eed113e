"""Fixtures of this tier."""

from pathlib import Path

import pytest

from tests.services.fixtures import another_database, database, desk, share_a_loop, workers_database

__all__ = ["another_database", "database", "desk", "workers_database"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them run in one event loop."""
    share_a_loop(items, Path(__file__).parent)

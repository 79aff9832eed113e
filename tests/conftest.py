"""Load the fixtures that all tiers share. The fixtures of one tier are in its folder."""

import pytest

from tests.faults.matrix import table
from tests.postgres import cluster, database_url, empty_database_url
from tests.prepared import prepared, pytest_configure_node

__all__ = [
    "cluster",
    "database_url",
    "empty_database_url",
    "prepared",
    "pytest_configure_node",
]


def pytest_configure(config: pytest.Config) -> None:
    """Register the fault matrix here: the controller of a parallel run loads no subfolder's conftest."""
    config.pluginmanager.register(table, "fault-matrix")

"""Fixtures that every tier shares; a tier's own live in its folder."""

import pytest

from tests.faults.matrix import table
from tests.postgres import cluster, database_url, empty_database_url, standing_template, template

__all__ = ["cluster", "database_url", "empty_database_url", "standing_template", "template"]


def pytest_configure(config: pytest.Config) -> None:
    """Add what every run needs: a subfolder's conftest is not loaded by whoever owns the terminal."""
    config.pluginmanager.register(table, "fault-matrix")

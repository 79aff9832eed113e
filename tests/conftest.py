"""Fixtures that every tier shares; a tier's own live in its folder."""

import pytest
from hypothesis import settings

from tests import quiet, tiers
from tests.faults import table
from tests.postgres import cluster, database_url, empty_database_url, template
from tests.sandbox.source import pytest_report_header, pytest_terminal_summary

__all__ = [
    "cluster",
    "database_url",
    "empty_database_url",
    "pytest_report_header",
    "pytest_terminal_summary",
    "template",
]

# An example that takes its time says more of the machine than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Add what every run needs: a subfolder's conftest is not loaded by whoever owns the terminal."""
    for plugin, name in ((tiers, "tiers"), (quiet, "quiet"), (table, "fault-matrix")):
        config.pluginmanager.register(plugin, name)

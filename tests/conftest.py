"""Fixtures that every tier shares; a tier's own live in its folder."""

import pytest
from hypothesis import settings

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
    """The fault matrix is told by whoever owns the terminal, which loads no conftest of a subfolder."""
    config.pluginmanager.register(table, "fault-matrix")

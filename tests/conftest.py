"""Fixtures that every tier shares; a tier's own live in its folder."""

from hypothesis import settings

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

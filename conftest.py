"""What every run of the tests has, those of the local Discord included; a tier's own is in its folder."""

from pathlib import Path

import pytest
import structlog

from local_discord.tests.openapi.source import pytest_report_header, pytest_terminal_summary
from tests import bytecode, garbage, order, quiet, tiers

__all__ = ["pytest_report_header", "pytest_terminal_summary"]

bytecode.keep(Path(__file__).parent)
garbage.hold_off()

# A traceback with every local variable takes seconds to draw, in which no bot within the process answers.
_PLAIN = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _PLAIN])


def pytest_configure(config: pytest.Config) -> None:
    """Add the marks that tests have by their folder, and the order in which they run."""
    for plugin in (bytecode, tiers, quiet, order, garbage):
        config.pluginmanager.register(plugin)
    config.pluginmanager.import_plugin("tests.hypothesis_profile")  # by now what it imports is kept compiled

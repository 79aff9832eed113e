"""What every run of the tests has, those of the local Discord included; a tier's own is in its folder."""

from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from local_discord.tests.source import pytest_report_header, pytest_terminal_summary
from tests import bytecode, quiet, tiers

__all__ = ["pytest_report_header", "pytest_terminal_summary"]

bytecode.keep(Path(__file__).parent)

# A traceback with every local variable takes seconds to draw, in which no bot within the process answers.
_PLAIN = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _PLAIN])

# An example that takes its time says more of the machine than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marks that tests have by their folder, and the order in which they run."""
    for plugin, name in ((tiers, "tiers"), (quiet, "quiet")):
        config.pluginmanager.register(plugin, name)

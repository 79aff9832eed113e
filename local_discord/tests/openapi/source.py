"""Where Discord's own description of its API is, and what a run says about it.

It is Discord's, and no part of this repository. Without it much is tested, but not whether the local Discord
speaks as Discord does: whoever runs the tests has to know that.
"""

import os
from pathlib import Path

import pytest

USUAL = Path(__file__).parents[3].parent / "shared" / "discord-openapi.json"
DESCRIPTION = Path(os.environ.get("DISCORD_OPENAPI", USUAL))
MISSING = (
    "no ../shared/discord-openapi.json: get specs/openapi.json of github.com/discord/discord-api-spec, or"
    " name it in DISCORD_OPENAPI. Unproven without it: that requests to the local Discord, and its answers,"
    " are as Discord describes them"
)
FOUND = "Discord's description: found; what goes to the local Discord and comes from it is held against it"


def require_description() -> None:
    """Skip the calling test when Discord's description is not there."""
    if not DESCRIPTION.exists():
        pytest.skip(MISSING)


def pytest_report_header() -> str:
    """One line at the head of a run."""
    return FOUND if DESCRIPTION.exists() else MISSING


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The same at its end when the description is missing: that is where people look."""
    if not DESCRIPTION.exists():
        terminalreporter.write_line(MISSING, yellow=True)

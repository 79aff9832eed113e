"""The bot as it is, with crash points between its use cases and their parts: a build for tests alone.

Usage:
    CRASH_FILE=/tmp/point python -m tests.faults.bot_under_test run
"""

import os
import sys
from pathlib import Path

import typer

from bot.app import run
from bot.cli.outcome import ends_well
from bot.cli.setup import load
from bot.services.ports import Discord
from bot.wiring import Parts, UseCases, wire
from tests.faults.crashing import Fuse, watched

#: Names the file that arms a point; see `tests.faults.crashing`. Nothing but this build reads it.
CRASH_FILE = "CRASH_FILE"


def assemble(parts: Parts, discord: Discord) -> UseCases:
    """The use cases on watched parts."""
    return wire(*watched(parts, discord, Fuse(Path(os.environ[CRASH_FILE]))))


def main() -> None:
    """`incident-bot run`."""
    try:
        with ends_well():
            run(load("discord_token", "discord_guild_id", quiet=False), assemble=assemble)
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


if __name__ == "__main__":
    main()

"""The bot as it is, with crash points between its use cases and their parts, and a wall clock that jumps.

A build for tests alone. SIGUSR1 sets the process's wall clock forward by an hour, SIGUSR2 back by one.

Usage:
    CRASH_FILE=/tmp/point python -m tests.faults.bot_under_test run
"""

import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import time_machine
import typer

from bot.app import run
from bot.cli.outcome import ends_well
from bot.cli.setup import load
from bot.services.oncall import OnCall
from bot.wiring import Outward, Parts, UseCases, wire
from tests.faults.crashing import Fuse, watched

#: Names the file that arms a point; see `tests.faults.crashing`. Nothing but this build reads it.
CRASH_FILE = "CRASH_FILE"


def assemble(parts: Parts, outward: Outward, oncall: OnCall) -> UseCases:
    """The use cases on watched parts."""
    parts, discord = watched(parts, outward.discord, Fuse(Path(os.environ[CRASH_FILE])))
    return wire(parts, replace(outward, discord=discord), oncall)


class WallClock:
    """The process's wall clock, right until somebody moves it."""

    def __init__(self) -> None:
        self._moved: time_machine.Traveller | None = None
        signal.signal(signal.SIGUSR1, lambda _number, _frame: self._move(3600))
        signal.signal(signal.SIGUSR2, lambda _number, _frame: self._move(-3600))

    def _move(self, seconds: int) -> None:
        if self._moved is None:
            self._moved = time_machine.travel(datetime.now(UTC), tick=True).start()
        self._moved.shift(seconds)


def main() -> None:
    """`incident-bot run`."""
    WallClock()
    try:
        with ends_well():
            run(load("discord_token", "discord_guild_id", quiet=False), assemble=assemble)
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


if __name__ == "__main__":
    main()

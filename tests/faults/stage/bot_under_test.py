"""The bot as it is, with crash points between its use cases and their parts, and a wall clock that jumps.

A build for tests alone. SIGUSR1 sets the process's wall clock forward by an hour, SIGUSR2 back by one. After
SIGRTMIN twenty minutes have passed for what it does without a database, which cannot be asked for the time;
after the signal SKIP as many seconds as the file beside the crash point says.

Usage:
    CRASH_FILE=/tmp/point python -m tests.faults.stage.bot_under_test run
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

import time_machine
import typer

from bot.app import run
from bot.cli.outcome import ends_well
from bot.cli.setup import load
from bot.services.outage import journal
from bot.services.ports import Discord
from bot.services.shared.fencing import boot_s
from bot.services.shared.roster import OnCall
from bot.wiring import GuildDependencies, UseCases, wire
from tests.faults.stage.crashing import Fuse, watched
from tests.faults.stage.under_way import log_what_is_told

#: Names the file that arms a point; see `tests.faults.stage.crashing`. Nothing but this build reads it.
CRASH_FILE = "CRASH_FILE"

#: What SIGRTMIN lets pass.
AWAY_S = 1200

#: Lets pass what the file of `skip_file` says, seconds.
SKIP = signal.SIGRTMAX


def skip_file(crash_file: Path) -> Path:
    """Return the file with the seconds that `SKIP` lets pass."""
    return crash_file.with_suffix(".skip")


def assemble(parts: GuildDependencies, oncall: OnCall, *, discord: Discord, **others: Any) -> UseCases:
    """Assemble the use cases on watched parts."""
    parts, discord = watched(parts, discord, Fuse(Path(os.environ[CRASH_FILE])))
    return wire(parts, oncall, discord=discord, **others)


class WallClock:
    """The process's wall clock, which a test can move."""

    def __init__(self) -> None:
        self._moved: time_machine.Traveller | None = None
        signal.signal(signal.SIGUSR1, lambda _number, _frame: self._move(3600))
        signal.signal(signal.SIGUSR2, lambda _number, _frame: self._move(-3600))

    def _move(self, seconds: int) -> None:
        if self._moved is None:
            self._moved = time_machine.travel(datetime.now(UTC), tick=True).start()
        self._moved.shift(seconds)


def let_time_pass() -> None:
    """SIGRTMIN: twenty minutes more since the database was last asked for the time; SKIP: as asked."""
    waited_s = 0.0
    skipped = skip_file(Path(os.environ[CRASH_FILE]))

    def wait(number: int, _frame: FrameType | None) -> None:
        nonlocal waited_s
        waited_s += float(skipped.read_text()) if number == SKIP else AWAY_S

    signal.signal(signal.SIGRTMIN, wait)
    signal.signal(SKIP, wait)
    patch.object(journal, "boot_s", lambda: boot_s() + waited_s).start()


def main() -> None:
    """`incident-bot run`."""
    WallClock()
    let_time_pass()
    log_what_is_told()
    try:
        with ends_well():
            run(load("discord_token", "discord_guild_id", quiet=False), assemble=assemble)
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


if __name__ == "__main__":
    main()

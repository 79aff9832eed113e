"""The bot as it is, for a story that does not wait: at SIGRTMIN, time passes without a database.

Usage:
    python -m tests.e2e.world.waiting_bot run
"""

import runpy
import signal
from datetime import UTC, datetime
from types import FrameType
from typing import Final
from unittest.mock import patch

import time_machine

from bot.services.outage import journal
from bot.services.shared.fencing import boot_s

#: What SIGRTMIN lets pass, seconds, since the database was last asked for the time.
PASSES_S: Final = 20


def let_time_pass() -> None:
    """Let time pass at each SIGRTMIN: on the host's clock, and since the database was last asked."""
    passed_s = 0
    clock: time_machine.Traveller | None = None

    def wait(_number: int, _frame: FrameType | None) -> None:
        nonlocal passed_s, clock
        passed_s += PASSES_S
        if clock is None:
            clock = time_machine.travel(datetime.now(UTC), tick=True).start()
        clock.shift(PASSES_S)

    signal.signal(signal.SIGRTMIN, wait)
    patch.object(journal, "boot_s", lambda: boot_s() + passed_s).start()


if __name__ == "__main__":
    let_time_pass()
    runpy.run_module("bot", run_name="__main__", alter_sys=True)

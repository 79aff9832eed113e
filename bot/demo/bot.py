"""The bot as the demo runs it: one process registers the commands and then runs, to import only once.

With the argument `leaps` it looks every second at what is due at a minute, for the clock jumps.
"""

import runpy
import sys

from bot.capability import installed
from bot.lean_imports import uncollected
from bot.process.ticks import Ticks


def _incident_bot(command: str) -> None:
    """Run a command of `incident-bot`; end with it if it fails."""
    sys.argv[1:] = [command]
    try:
        runpy.run_module("bot", run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise


if __name__ == "__main__":
    if sys.argv[1:] == ["leaps"]:
        Ticks.minute_starts = "*"
    with uncollected():
        import bot.app  # noqa: F401 -- what both commands import

        installed()
    _incident_bot("sync-commands")
    _incident_bot("run")

"""The bot as it is, except that it looks every second at what is due at a minute, and for new failures.

Usage:
    python -m tests.e2e.world.leaping_bot run
"""

import runpy

from bot.process import running
from bot.process.ticks import Ticks

if __name__ == "__main__":
    Ticks.minute_starts = "*"
    vars(running).update(WATCH_S=1)
    runpy.run_module("bot", run_name="__main__", alter_sys=True)

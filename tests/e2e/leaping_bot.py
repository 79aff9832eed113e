"""The bot as it is, except that it looks every second at what is due at a minute: a story's clock leaps.

Usage:
    python -m tests.e2e.leaping_bot run
"""

import runpy

from bot.process.ticks import Ticks

if __name__ == "__main__":
    Ticks.minute_starts = "*"
    runpy.run_module("bot", run_name="__main__", alter_sys=True)

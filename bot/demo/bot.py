"""The bot as the demo runs it: it looks every second at what is due at a minute, for the clock jumps."""

import runpy

from bot.process.ticks import Ticks

if __name__ == "__main__":
    Ticks.minute_starts = "*"
    runpy.run_module("bot", run_name="__main__")

"""The real bot as a process of its own, with its log."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.demo.process import Child
from tests import warm

_START_S = 45.0

#: In a run of tests a thousand bots are started; elsewhere each is started from nothing.
start_program = warm.start if "PYTEST_VERSION" in os.environ else Child.start


class BotProcess:
    """``python -m bot run``, from start to end."""

    def __init__(self, child: Child) -> None:
        self.child = child

    @classmethod
    async def start(cls, env: Mapping[str, str], *, folder: Path, module: str = "bot") -> "BotProcess":
        """Start it and wait until it is ready and has looked at the watched channels for the first time.

        Only then does a story begin: what was posted before the first look counts as old.

        Args:
            module: The program, ``python -m MODULE run``.
        """
        bot = await cls.begin(env, folder=folder, module=module)
        await bot.child.line_with('"bot.ready"', within_s=_START_S)  # before which nothing need be asked
        await bot.child.wait_until_ready(within_s=_START_S)
        return bot

    @classmethod
    async def begin(cls, env: Mapping[str, str], *, folder: Path, module: str = "bot") -> "BotProcess":
        """Start it without waiting."""
        settings = {**env, "HEALTH_PORT": "0", "LOG_FORMAT": "json"}
        return cls(await start_program("bot", "run", env=settings, folder=folder, module=module))

    def entries(self) -> list[dict[str, Any]]:
        """Its log, one object per line; a line that is not JSON is under "event" with the level "raw"."""
        return [_entry(line) for line in self.child.lines if line.strip()]

    def complaints(self, expected: Iterable[str]) -> list[str]:
        """The lines that a person would have to look at, without the *expected* events."""
        known = set(expected)
        return [
            json.dumps(entry, ensure_ascii=False)
            for entry in self.entries()
            if entry["level"] in ("error", "critical", "raw") and entry["event"] not in known
        ]


def _entry(line: str) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except ValueError:
        return {"level": "raw", "event": line}

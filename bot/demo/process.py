"""The demo's programs as processes of their own, their output kept, their end certain."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from bot.settings import Settings
from bot.storage.embedded import launched

_KEPT_LINES: Final = 5_000
LINE_LIMIT: Final = 4_000_000  # bytes; a log line may carry a traceback
_POLITE_S: Final = 10.0
_LOOK_EVERY_S: Final = 0.02
_ANSWER: Final = aiohttp.ClientTimeout(total=5)


async def _ails(http: aiohttp.ClientSession, url: str) -> str | None:
    """Return why the program at *url* is not ready, or None when it is."""
    try:
        async with http.get(url) as answer:
            return None if answer.ok else await answer.text()
    except (
        aiohttp.ClientError,
        TimeoutError,
    ) as error:  # it is going, or gone, as the caller sees
        return type(error).__name__


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return a program's environment: *settings*, and of our own environment what is no setting."""
    ours = {name.upper() for name in Settings.model_fields}
    plain = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    return {**plain, "PYTHONUNBUFFERED": "1", **settings}


class Program(Protocol):
    """What a `Child` is made of; `asyncio.subprocess.Process` is one."""

    @property
    def pid(self) -> int:
        """Return its process id."""

    @property
    def returncode(self) -> int | None:
        """Return its exit code (negative: the signal that ended it), or None while it runs."""

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """Return the stream of its output."""

    async def wait(self) -> int:
        """Wait for its end, and return its exit code."""

    def send_signal(self, signal: int) -> None:
        """Send it a signal.

        Raises:
            ProcessLookupError: it has ended.
        """


class ChildDied(RuntimeError):
    """A program ended that should not have; the message carries its last lines."""


class Child:
    """One running program of ours.

    It is not in our process group: Ctrl-C is for us, and we end it. On Linux it ends with us, too, when
    we are killed.
    """

    def __init__(self, name: str, process: Program) -> None:
        self.name = name
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process = process
        self._grown = asyncio.Event()
        self._said_all = False
        self._reader = asyncio.create_task(self._read(), name=f"output of {name}")

    @classmethod
    async def start(
        cls, name: str, *arguments: str, env: Mapping[str, str], folder: Path, module: str = "bot"
    ) -> "Child":
        """Start ``python -m MODULE ARGUMENTS``.

        Args:
            env: Its settings; ours, which may be those of a real installation, are not passed on.
            folder: Where it works: one without the ``.env`` of a real installation.
        """
        process = await asyncio.create_subprocess_exec(
            *launched(sys.executable, "-m", module, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=LINE_LIMIT,
            cwd=folder,
            env=environment(env),
        )
        return cls(name, process)

    @property
    def is_running(self) -> bool:
        """Return True if it has not ended."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def last_words(self, count: int = 15) -> str:
        """Return its last lines of output."""
        return "\n".join([*self.lines][-count:])

    async def line_with(self, part: str, *, within_s: float) -> str:
        """Wait for the first line that contains *part*.

        Raises:
            ChildDied: It ended, or said nothing of the kind in time.
        """
        try:
            async with asyncio.timeout(within_s):
                while True:
                    for line in self.lines:
                        if part in line:
                            return line
                    if self._said_all:
                        raise ChildDied(f"{self.name} ended:\n{self.last_words()}")
                    self._grown.clear()
                    await self._grown.wait()
        except TimeoutError:
            raise ChildDied(f"{self.name} did not say {part!r}:\n{self.last_words()}") from None

    async def wait_until_ready(self, *, within_s: float) -> None:
        """Wait until its health server, on whatever port it took, says that it is ready. For `run` only.

        Raises:
            ChildDied: It ended, or was not ready in time.
        """
        deadline = time.monotonic() + within_s
        listening = json.loads(await self.line_with('"health.listening"', within_s=within_s))
        url = f"http://{listening['host']}:{listening['port']}/readyz"
        async with aiohttp.ClientSession(timeout=_ANSWER) as http:
            while ailment := await _ails(http, url):
                if not self.is_running or time.monotonic() > deadline:
                    raise ChildDied(f"{self.name} is not ready: {ailment}\n{self.last_words()}")
                await asyncio.sleep(_LOOK_EVERY_S)

    async def wait(self) -> int:
        """Wait for its end; the exit code, negative when a signal ended it."""
        code = await self._process.wait()
        await self._reader
        return code

    async def stop(self) -> int:
        """Ask it to end, insist after ten seconds; the exit code."""
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_POLITE_S):
                return await self.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End it with SIGKILL."""
        self.signal(signal.SIGKILL)
        return await self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode("utf-8", "replace").rstrip())
            self._grown.set()
        self._said_all = True
        self._grown.set()

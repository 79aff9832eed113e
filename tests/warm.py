"""Start programs of the project at once, by forking a process that has imported their modules.

Imports take two seconds of each start, and the stories start a thousand bots. A forked program is otherwise
a separate process: environment, folder, session, output, signals, end. Tests of the start itself (command
line, demo, benchmark) start programs without forking.

Therefore no module may make values that differ per process, such as its id, on import.
"""

import asyncio
import ctypes
import io
import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import forkserver, reduction
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

from bot.demo.process import LINE_LIMIT, Child, environment

_PR_SET_PDEATHSIG: Final = 1
_STDOUT, _STDERR = 1, 2

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.preloaded"])


@dataclass(frozen=True, slots=True)
class _Command:
    module: str
    arguments: tuple[str, ...]
    env: Mapping[str, str]
    folder: str


async def start(
    name: str, *arguments: str, env: Mapping[str, str], folder: Path, module: str = "bot"
) -> Child:
    """Do what `Child.start` does, by forking."""
    command = _Command(module, arguments, environment(env), str(folder))
    reads, writes = os.pipe()
    process = _fork(command, writes, writes)
    return Child(name, _Forked(process, await _reader(reads)))


async def run(*arguments: str, env: Mapping[str, str], folder: Path) -> tuple[int, bytes, bytes]:
    """Run ``python -m bot ARGUMENTS`` in a fork; return its exit status, stdout and stderr."""
    command = _Command("bot", arguments, environment(env), str(folder))
    (reads, writes), (reads_errors, writes_errors) = os.pipe(), os.pipe()
    process = _fork(command, writes, writes_errors)
    output, errors = await _reader(reads), await _reader(reads_errors)
    program = _Forked(process, output)
    said, complained = await asyncio.gather(output.read(), errors.read())
    return await program.wait(), said, complained


def _fork(command: _Command, stdout: int, stderr: int) -> ForkServerProcess:
    """Fork a process that runs *command*, and close this process's copies of *stdout* and *stderr*."""
    try:
        process = _context.Process(target=_become, args=(command, _Sent(stdout), _Sent(stderr)), daemon=True)
        process.start()
    finally:
        for number in {stdout, stderr}:
            os.close(number)
    return process


async def _reader(number: int) -> asyncio.StreamReader:
    """Return a stream that reads the file descriptor *number*, and closes it."""
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    pipe = os.fdopen(number, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


class _Forked:
    """Implements `bot.demo.process.Program` for a forked process."""

    def __init__(self, process: ForkServerProcess, stdout: asyncio.StreamReader) -> None:
        self._process = process
        self._ended = asyncio.Event()
        self.stdout = stdout
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @property
    def pid(self) -> int:
        """Return the process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit status; None while it runs."""
        return self._process.exitcode

    async def wait(self) -> int:
        """Wait until the process has ended, and return its exit status."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send the signal *number* to the process.

        Raises:
            ProcessLookupError: It has ended.
        """
        if self.returncode is not None:
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._ended.set()


class _Sent:
    """A file descriptor that is passed to the forked process with its arguments."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _received, (reduction.DupFd(self._number),)


def _received(sent: Any) -> int:
    return int(sent.detach())


def _become(command: _Command, stdout: int, stderr: int) -> None:
    """Set up the new process as the operating system does for a started one, then run the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # Whoever holds it keeps alive what it is forked from, which is to end with us.
    os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]
    os.setsid()
    os.chdir(command.folder)
    os.environ.clear()
    os.environ.update(command.env)
    time.tzset()  # the C library has read TZ before the fork
    for received, number in ((stdout, _STDOUT), (stderr, _STDERR)):
        os.dup2(received, number)
        os.close(received)
    sys.stdout, sys.stderr = _unbuffered(_STDOUT), _unbuffered(_STDERR)
    sys.argv = [command.module, *command.arguments]
    runpy.run_module(command.module, run_name="__main__", alter_sys=True)


def _unbuffered(number: int) -> io.TextIOWrapper:
    """Open a standard stream as Python does with PYTHONUNBUFFERED."""
    raw = io.FileIO(number, "wb", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)

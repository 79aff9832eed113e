"""Servers of a measurement in a process of their own, so that the measured loop feels nothing of them."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any


@contextmanager
def served_apart(serving: Callable[[Connection], Awaitable[None]]) -> Iterator[Any]:
    """Run *serving* in a new process, and yield the first thing that it sends: where its servers are.

    Args:
        serving: A function of a module. It ends when it receives something.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_serve, args=(serving, theirs), daemon=True)
    child.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        child.join()


def _serve(serving: Callable[[Connection], Awaitable[None]], pipe: Connection) -> None:
    async def run() -> None:
        await serving(pipe)

    asyncio.run(run())

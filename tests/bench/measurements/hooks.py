"""Alerts that come by HTTP, many a second: how soon each is answered, and when all are tracked."""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp

from tests.bench.figures import Figures, Limit, Row
from tests.bench.servers import bare_hooks
from tests.bench.servers.stand import Discord, bot
from tests.cogs.hooks.sending import group
from tests.postgres import connect

PER_S: Final = 250
FOR_S: Final = 20
#: Monitors repeat themselves: so many different alerts come, again and again.
_ALERTS: Final = 20

_SECRET: Final = "a-secret-of-the-benchmark"
_PATH: Final = f"/hooks/alertmanager/{_SECRET}"
_START_S: Final = 30.0
_WITHIN_S: Final = 300.0
_LOOK_EVERY_S: Final = 0.1
_ANSWER: Final = Limit(p99_ms=200)
_WAITING: Final = "SELECT count(*) FROM hooks WHERE processed_at IS NULL"
_TRACKED: Final = "SELECT coalesce(sum(occurrences), 0) FROM incidents WHERE title LIKE 'Bench%'"


async def rows(place: Discord, dsn: str, folder: Path) -> list[Row]:
    """Measure the floor, then the bot, with the same requests."""
    async with bare_server(dsn) as url:
        floor = Figures.of(await answered(url))
    settings = {
        **place.settings,
        "DATABASE_URL": dsn,
        "HOOKS_PORT": "0",
        "HOOKS_ALERTMANAGER_SECRET": _SECRET,
    }
    async with bot(settings, folder) as running:
        said = json.loads(await running.child.line_with('"hooks.listening"', within_s=_START_S))
        ours = Figures.of(await answered(f"http://127.0.0.1:{said['port']}{_PATH}"))
        left_s = await all_tracked(dsn, count=PER_S * FOR_S)
    load = f"{PER_S} hooks a second for {FOR_S} s"
    return [
        Row(
            f"{load} → answered",
            ours,
            floor,
            "a bare aiohttp handler that inserts one row",
            _ANSWER,
            "p99 < 200 ms",
        ),
        Row(f"{load}, the last one answered → all {PER_S * FOR_S:,} tracked", Figures.of([left_s])),
    ]


async def answered(url: str) -> list[float]:
    """Send as many as are asked for, each at its time; seconds from that time to its answer."""
    bodies = [json.dumps(group("firing", name=f"Bench{number}")).encode() for number in range(_ALERTS)]
    took: list[float] = []

    async def send(at: float, body: bytes) -> None:
        async with http.post(url, data=body) as answer:
            await answer.read()
            assert answer.status == 202, answer.status
        took.append(time.monotonic() - at)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as sending:
        began = time.monotonic() + 0.1
        for number in range(PER_S * FOR_S):
            at = began + number / PER_S
            await asyncio.sleep(at - time.monotonic())
            sending.create_task(send(at, bodies[number % _ALERTS]))
    return took


async def all_tracked(dsn: str, *, count: int) -> float:
    """Seconds until no hook waits; each of *count* must be counted on an alert then."""
    began = time.monotonic()
    connection = await connect(dsn)
    try:
        async with asyncio.timeout(_WITHIN_S):
            while await connection.fetchval(_WAITING):  # noqa: ASYNC110 -- rows tell nobody
                await asyncio.sleep(_LOOK_EVERY_S)
        took = time.monotonic() - began
        assert await connection.fetchval(_TRACKED) == count
    finally:
        await connection.close()
    return took


@asynccontextmanager
async def bare_server(dsn: str) -> AsyncIterator[str]:
    """The floor's server as a process of its own; its address."""
    connection = await connect(dsn)
    await connection.execute(bare_hooks.TABLE)
    await connection.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.servers.bare_hooks"),
        env={**os.environ, "DATABASE_URL": dsn, "PORT": str(port)},
    )
    try:
        await _listening(port)
        yield f"http://127.0.0.1:{port}{_PATH}"
    finally:
        process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(_START_S):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(_LOOK_EVERY_S)

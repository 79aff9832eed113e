"""How many events a second one client gets, and what they cost the sandbox beside a bare WebSocket server.

Both servers are processes of their own and send the same text; the client only reads.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.sandbox.client import Socket

COUNT = 4_000
PER_S = 2_000.0
INTENTS = 1 | 1 << 9
DEADLINE_S = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Figures:
    """One run: events a second as the client saw them, CPU microseconds a piece as the server did."""

    per_s: float
    cpu_us: float


@asynccontextmanager
async def process(*arguments: str, text: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python module as a process, ended with the test."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin
    child.stdin.write(text.encode())
    child.stdin.close()
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def line(child: asyncio.subprocess.Process) -> str:
    """The next line that *child* prints."""
    assert child.stdout
    return (await asyncio.wait_for(child.stdout.readline(), DEADLINE_S)).decode().strip()


async def read(ws: aiohttp.ClientWebSocketResponse, count: int) -> tuple[list[str], float]:
    """That many messages, and the seconds from the first to the last."""
    texts = [await ws.receive_str(timeout=DEADLINE_S)]
    began_s = time.monotonic()
    texts += [await ws.receive_str(timeout=DEADLINE_S) for _ in range(count - 1)]
    return texts, time.monotonic() - began_s


async def sandbox_run(per_s: float) -> tuple[Figures, str]:
    """A burst of messages through the whole sandbox; also one of the frames."""
    async with process("bot.sandbox", "--json") as child, aiohttp.ClientSession() as http:
        address: dict[str, str] = json.loads(await line(child))
        async with http.ws_connect(address["gateway"]) as ws:
            socket = Socket(ws)
            await socket.identify(address["token"], INTENTS)
            await socket.event("GUILD_CREATE")
            asked = {"user": "primary", "channel": "general", "count": COUNT, "per_s": per_s}
            reading = asyncio.ensure_future(read(ws, COUNT))
            async with http.post(f"{address['human']}/burst", json=asked) as response:
                spent: dict[str, Any] = await response.json()
            texts, elapsed_s = await reading
    numbers = [json.loads(text)["s"] for text in texts]
    assert numbers == list(range(3, COUNT + 3))
    return Figures(COUNT / elapsed_s, spent["cpu_s"] / COUNT * 1e6), texts[-1]


async def floor_run(text: str, per_s: float) -> Figures:
    """The same text as often from a server that does nothing else."""
    arguments = ("tests.sandbox.throughput_floor", str(COUNT), str(per_s))
    async with process(*arguments, text=text) as child, aiohttp.ClientSession() as http:
        async with http.ws_connect(await line(child)) as ws:
            _, elapsed_s = await read(ws, COUNT)
            await ws.receive()
        spent: dict[str, float] = json.loads(await line(child))
    return Figures(COUNT / elapsed_s, spent["cpu_s"] / COUNT * 1e6)


@pytest.mark.parametrize("per_s", [PER_S, 0.0], ids=["paced", "flat-out"])
async def test_two_thousand_events_a_second(per_s: float, record_property: Any) -> None:
    """They arrive complete and in order at that rate, from less than half of one core."""
    ours, text = await sandbox_run(per_s)
    floor = await floor_run(text, per_s)
    shown = (
        f"{len(text.encode())} bytes a piece: sandbox {ours.per_s:.0f}/s at {ours.cpu_us:.0f} us of CPU, "
        f"bare server {floor.per_s:.0f}/s at {floor.cpu_us:.0f} us"
    )
    record_property("throughput", shown)
    sys.stdout.write(shown + "\n")
    assert ours.per_s > PER_S * 0.75, shown  # a busy machine delays both; what a piece costs is the proof
    assert ours.cpu_us < 1e6 / PER_S / 2, shown

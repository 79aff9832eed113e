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

from local_discord.tests.client import Socket

PER_S = 2_000.0
BRIEF, LONG = 2_000, 20_000
TRIES = 3
INTENTS = 1 | 1 << 9
DEADLINE_S = 60.0
ROOT = Path(__file__).parents[3]


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


async def sandbox_run(count: int, per_s: float) -> tuple[Figures, str]:
    """A burst of messages through the whole sandbox; also one of the frames."""
    async with process("local_discord", "--json") as child, aiohttp.ClientSession() as http:
        address: dict[str, str] = json.loads(await line(child))
        async with http.ws_connect(address["gateway"]) as ws:
            socket = Socket(ws)
            await socket.identify(address["token"], INTENTS)
            await socket.event("GUILD_CREATE")
            asked = {"user": "primary", "channel": "general", "count": count, "per_s": per_s}
            reading = asyncio.ensure_future(read(ws, count))
            async with http.post(f"{address['human']}/burst", json=asked) as response:
                spent: dict[str, Any] = await response.json()
            texts, elapsed_s = await reading
    numbers = [json.loads(text)["s"] for text in texts]
    assert numbers == list(range(3, count + 3))
    return Figures(count / elapsed_s, spent["cpu_s"] / count * 1e6), texts[-1]


async def floor_run(text: str, count: int, per_s: float) -> Figures:
    """The same text as often from a server that does nothing else."""
    arguments = ("local_discord.tests.gateway.throughput_floor", str(count), str(per_s))
    async with process(*arguments, text=text) as child, aiohttp.ClientSession() as http:
        async with http.ws_connect(await line(child)) as ws:
            _, elapsed_s = await read(ws, count)
            await ws.receive()
        spent: dict[str, float] = json.loads(await line(child))
    return Figures(count / elapsed_s, spent["cpu_s"] / count * 1e6)


async def measured(count: int, per_s: float, record_property: Any) -> Figures:
    """One run of the sandbox, written down beside the bare server's."""
    ours, text = await sandbox_run(count, per_s)
    floor = await floor_run(text, count, per_s)
    shown = (
        f"{count} events of {len(text.encode())} bytes: sandbox {ours.per_s:.0f}/s at {ours.cpu_us:.0f} us of"
        f" CPU, bare server {floor.per_s:.0f}/s at {floor.cpu_us:.0f} us"
    )
    record_property("throughput", shown)
    sys.stdout.write(shown + "\n")
    return ours


@pytest.mark.quiet(alone=True)
async def test_a_second_of_it_costs_less_than_half_of_one_of_cpu() -> None:
    """A second's worth arrives complete and in order, from less than half of a core, and without dawdling.

    Other programs have their share of the machine, which can hold up the clock but not the count of CPU time.
    So the full rate is asked of the slow run; here the best of a few runs is at least half of it, which a
    sandbox that waits for something would miss.
    """
    rates = []
    for _ in range(TRIES):
        ours, _text = await sandbox_run(BRIEF, PER_S)
        assert ours.cpu_us < 1e6 / PER_S / 2, ours
        rates.append(ours.per_s)
        if ours.per_s > PER_S / 2:
            break
    assert max(rates) > PER_S / 2, rates


@pytest.mark.quiet(alone=True)
@pytest.mark.slow
async def test_two_thousand_events_a_second_are_sustained(record_property: Any) -> None:
    """A client receives events for ten seconds at no less than 99% of the rate at which they are sent."""
    ours = await measured(LONG, PER_S, record_property)
    assert ours.per_s > PER_S * 0.99, ours


@pytest.mark.quiet(alone=True)
@pytest.mark.slow
async def test_more_is_possible(record_property: Any) -> None:
    """Unpaced, the sandbox makes them faster than that: it is not the bottleneck."""
    ours = await measured(LONG, 0.0, record_property)
    assert ours.per_s > PER_S, ours

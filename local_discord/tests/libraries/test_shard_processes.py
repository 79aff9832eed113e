"""A bot of two processes, one shard each, as several instances run it: each hears its own, and no more."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_discord.tests.client import ALERTS, PRIMARY, Client

COUNT: Final = 2
START_S: Final = 30.0  # a Python process with discord.py on a busy machine
ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True)
class Process:
    """One shard's process."""

    child: asyncio.subprocess.Process

    async def next(self) -> list[str]:
        """What it heard next."""
        assert self.child.stdout
        line = await asyncio.wait_for(self.child.stdout.readline(), START_S)
        words: list[str] = json.loads(line)
        return words

    async def kill(self) -> None:
        """At once, as when its machine goes: no goodbye to the gateway."""
        self.child.kill()
        await self.child.wait()


@asynccontextmanager
async def shard(client: Client, number: int) -> AsyncIterator[Process]:
    """A process with that shard."""
    address = client.sandbox.address
    arguments = (
        "local_discord.tests.libraries.shard_process",
        address.api_base,
        address.gateway,
        str(number),
        str(COUNT),
    )
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin
    child.stdin.write(f"{address.token}\n".encode())
    child.stdin.close()
    try:
        yield Process(child)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def test_two_processes_share_a_bot(client: Client) -> None:
    """Events and interactions of the guild go where its id says, direct messages to shard 0; one may die."""
    guild = client.sandbox.address.guild_id
    home = (int(guild) >> 22) % COUNT
    assert home == 1, (
        "the guild's shard is not the one of direct messages: each process has something to hear"
    )
    await client.register({"name": "triage", "description": "d"})
    async with shard(client, 0) as first, shard(client, 1) as second:
        assert await first.next() == ["ready"]
        assert await second.next() == ["ready", guild]
        await client.human("POST say", user="primary", channel="p0-alerts", content="in the guild")
        assert await second.next() == ["guild", ALERTS]
        await client.human("POST say", user="primary", channel="dm:primary", content="in private")
        dm = client.sandbox.core.world.dm_with(PRIMARY)
        assert dm
        assert await first.next() == ["dm", dm.id]
        ran = await client.run()
        assert await second.next() == ["interaction", ran["id"]]
        seen = await client.human(f"GET interaction/{ran['id']}?wait=5&until=done")
        assert "answered by shard 1" in seen.body["messages"][0]["content"]
        await second.kill()
        await client.human("POST say", user="primary", channel="p0-alerts", content="nobody is there")
        await client.human("POST say", user="primary", channel="dm:primary", content="still here")
        assert await first.next() == ["dm", dm.id]
        async with shard(client, 1) as again:
            assert await again.next() == ["ready", guild]
            await client.human("POST say", user="primary", channel="p0-alerts", content="back")
            assert await again.next() == ["guild", ALERTS]

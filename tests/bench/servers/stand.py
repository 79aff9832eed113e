"""What is measured on: processes of their own, on loopback, with a PostgreSQL that syncs to disk."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.demo.process import Child
from bot.runbook import default_policy_text
from local_discord.client import Human

_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Discord:
    """A local Discord in a process of its own, without rate limits.

    Attributes:
        crowd: The same people when they do not wait for answers.
        settings: What a bot needs to connect to it.
    """

    human: Human
    crowd: Human
    human_url: str
    api_base: str
    token: str
    guild_id: int
    settings: Mapping[str, str]


def _compiled(folder: Path) -> dict[str, str]:
    """Has the bot's modules compiled once and not at every start, as wherever it is installed."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _patient(folder: Path) -> dict[str, str]:
    """Write Parky's policy with a day's patience: a thousand triages wait for their measured press."""
    text, changed = re.subn(r'(?m)^(ask_after|decide_after) = "10m"', r'\1 = "1d"', default_policy_text())
    assert changed == 2, "the policy's [unfinished_triage] has other times now"
    file = folder / "policy.toml"
    file.write_text(text, encoding="utf-8")
    return {"RUNBOOK_FILE": str(file.absolute())}


@asynccontextmanager
async def discord(folder: Path) -> AsyncIterator[Discord]:
    """Start one, end it."""
    child = await Child.start("the local Discord", "sandbox", "--json", env={}, folder=folder)
    try:
        address = json.loads(await child.line_with('"human"', within_s=_START_S))
        async with Human(address["human"]) as human, Human(address["human"], waits=False) as crowd:
            await human.change("limits", enabled=False)
            await human.change("application", message_content=True)
            settings = {
                "DISCORD_TOKEN": address["token"],
                "DISCORD_GUILD_ID": address["guild_id"],
                "DISCORD_API_BASE": address["api_base"],
                "HEALTH_PORT": "0",
                "LOG_FORMAT": "json",
                "MESSAGE_CONTENT": "true",
                **_compiled(folder),
                **_patient(folder),
            }
            yield Discord(
                human,
                crowd,
                address["human"],
                address["api_base"],
                address["token"],
                int(address["guild_id"]),
                settings,
            )
    finally:
        await child.stop()


@dataclass(frozen=True, slots=True)
class Running:
    """The real bot, ready.

    Attributes:
        ready_s: Seconds from its start until it was.
        health_url: Where it says how it is.
    """

    child: Child
    ready_s: float
    health_url: str

    @property
    def memory_mb(self) -> float:
        """Resident memory of its own process now."""
        status = Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    async def get(self, path: str) -> None:
        """Ask its health server."""
        async with httpx.AsyncClient(trust_env=False) as http:
            (await http.get(f"{self.health_url}{path}")).raise_for_status()


@asynccontextmanager
async def bot(settings: Mapping[str, str], folder: Path) -> AsyncIterator[Running]:
    """The real bot, ready, for the block."""
    started = time.monotonic()
    child = await ready_bot(settings, folder)
    try:
        ready_s = time.monotonic() - started
        said = json.loads(await child.line_with('"health.listening"', within_s=_START_S))
        await child.line_with('"gateway.ready"', within_s=_START_S)  # it forgets what it heard before
        yield Running(child, ready_s, f"http://{said['host']}:{said['port']}")
    finally:
        await child.stop()


async def ready_bot(settings: Mapping[str, str], folder: Path) -> Child:
    """The real bot, ready; the caller ends it."""
    child = await Child.start("the bot", "run", env=settings, folder=folder)
    try:
        await child.wait_until_ready(within_s=_START_S)
    except BaseException:
        await child.kill()
        raise
    return child


async def register_commands(settings: Mapping[str, str], folder: Path) -> None:
    """Run `sync-commands`."""
    child = await Child.start("sync-commands", "sync-commands", env=settings, folder=folder)
    if await child.wait() != 0:
        raise RuntimeError(child.last_words())


@asynccontextmanager
async def bare_bot(settings: Mapping[str, str]) -> AsyncIterator[int]:
    """The bare client, connected, for the block; its process id."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.servers.bare"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **settings},
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_S):
            assert await process.stdout.readline() == b"ready\n"
        yield process.pid
    finally:
        process.terminate()
        await process.wait()

"""The measurements. Times are of one monotonic clock, which all processes of a machine share."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from local_discord.client import Message
from tests.bench.servers.stand import Discord, bot, ready_bot
from tests.postgres import connect

_WAIT_S = 10.0

# A commit tells its listeners, which is how we learn of it.
_TELL = """
CREATE OR REPLACE FUNCTION bench_tell() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('bench', NEW.id::text); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER bench_tell AFTER UPDATE OF status ON incidents
    FOR EACH ROW WHEN (NEW.status = 'acknowledged') EXECUTE FUNCTION bench_tell();
"""
_TELL_BARE = """
CREATE OR REPLACE FUNCTION bench_tell_bare() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('bench', NEW.n::text); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER bench_tell_bare AFTER UPDATE ON bench_floor
    FOR EACH ROW EXECUTE FUNCTION bench_tell_bare();
"""
_INCIDENT = """
INSERT INTO incidents (guild_id, key, severity, priority, title, started_at, ack_due_at, reported_by_id,
                       reported_by_name, alert_channel_id, alert_message_id)
VALUES ($1, $2, 'SEV3', 'P2', 'bench', now(), now() + interval '1 day', 1, 'bench', $3, $4) RETURNING id
"""
_POST = """
INSERT INTO deliveries (guild_id, incident_id, kind, target, key, nonce, status, first_sent_at, finished_at,
                        channel_id, message_id)
VALUES ($1, $2, 'alert', 'channel:p2-deploys', $3, $4, 'sent', now(), now(), $5, $6)
"""

_STEPS = """
WITH steps AS (
    INSERT INTO escalation_steps (incident_id, index, starts_at, due_at, mention, dm, priority)
    SELECT $1, n, now(), now() + interval '1 day', 'none', '{}', 80 FROM generate_series(1, $2::integer) AS n
    RETURNING incident_id || ':' || index AS place
)
INSERT INTO pgqueuer (priority, created, updated, heartbeat, execute_after, status, entrypoint, payload,
                      dedupe_key)
SELECT 80, now(), now(), now(), now() + interval '1 day', 'queued', 'escalate', place::bytea, 'step:' || place
  FROM steps
"""


async def reaction(
    discord: Discord, dsn: str, *, rounds: int, steps: int = 0, apart_s: float = 0.0
) -> list[float]:
    """Seconds from the event of a 👀 to the commit of the acknowledge; so many steps are pending then.

    Args:
        apart_s: How long nobody does anything after each.
    """
    took = []
    async with acknowledged(discord, dsn, steps=steps) as acknowledge:
        for _ in range(rounds):
            took.append(await acknowledge())
            await asyncio.sleep(apart_s)
    return took


@asynccontextmanager
async def acknowledged(
    discord: Discord, dsn: str, *, steps: int = 0
) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Gives what opens an incident, puts a 👀 under it, and says how long that took: see `reaction`."""
    async with _listening(dsn, _TELL) as (connection, told):

        async def acknowledge() -> float:
            message, incident = await _open(connection, discord, steps=steps)
            since = await discord.human.log_end()
            await discord.human.react("primary", message, "👀")
            async with asyncio.timeout(_WAIT_S):
                committed, number = await told.get()
            assert number == incident
            # Under load it may have been read from Discord before its event came.
            return max(0.0, committed - await _event(discord, since, message))

        yield acknowledge


async def bare_reaction(discord: Discord, dsn: str, *, rounds: int, apart_s: float = 0.0) -> list[float]:
    """Seconds from the event of a 👀 to one commit by the bare client, the least that one could take."""
    message = await discord.human.say("admin", "p2-deploys", "bare")
    async with _listening(dsn, _TELL_BARE) as (_, told):
        took = []
        for _ in range(rounds):
            since = await discord.human.log_end()
            await discord.human.react("primary", message, "👀")
            async with asyncio.timeout(_WAIT_S):
                committed, _number = await told.get()
            took.append(committed - await _event(discord, since, message))
            await discord.human.unreact("primary", message, "👀")
            await asyncio.sleep(apart_s)
        return took


async def takeover(discord: Discord, dsn: str, folder: Path, *, rounds: int) -> list[float]:
    """Seconds from the SIGKILL of the bot that listens until its standby has answered a command."""
    settings, took = {**discord.settings, "DATABASE_URL": dsn}, []
    listening = await ready_bot(settings, folder)
    try:
        for _ in range(rounds):
            standby = await ready_bot(settings, folder)
            killed = time.monotonic()
            await listening.kill()
            listening = standby
            await standby.line_with('"shard.taken"', within_s=_WAIT_S)
            await discord.human.wait_for_session()
            said = await discord.human.command("admin", "general", "incident list")
            assert said.state == "responded", said
            took.append(time.monotonic() - killed)
    finally:
        await listening.stop()
    return took


async def round_trip(discord: Discord, *, rounds: int, apart_s: float = 0.0) -> list[float]:
    """Seconds of one HTTP request to the local Discord, one after the other."""
    took = []
    async with aiohttp.ClientSession() as http:
        for _ in range(rounds):
            started = time.monotonic()
            async with http.get(f"{discord.human_url}/dms/observer") as response:
                await response.read()
            took.append(time.monotonic() - started)
            await asyncio.sleep(apart_s)
    return took


async def cold_start(discord: Discord, folder: Path, *, rounds: int) -> list[float]:
    """Seconds from `incident-bot run` in an empty folder to ready, PostgreSQL and migrations included."""
    took = []
    for number in range(rounds):
        data = folder / f"cold-{number}"
        async with bot({**discord.settings, "DATA_DIR": str(data)}, folder) as running:
            took.append(running.ready_s)
    return took


async def warm_start(discord: Discord, dsn: str, folder: Path, *, rounds: int) -> list[float]:
    """The same with a database that is up to date."""
    took = []
    for _ in range(rounds):
        async with bot({**discord.settings, "DATABASE_URL": dsn}, folder) as running:
            took.append(running.ready_s)
    return took


@asynccontextmanager
async def _listening(
    dsn: str, tell: str
) -> AsyncIterator[tuple[asyncpg.Connection, asyncio.Queue[tuple[float, int]]]]:
    """A connection, and what *tell* tells of, each with the time and a number."""
    told: asyncio.Queue[tuple[float, int]] = asyncio.Queue()
    connection, listener = await connect(dsn), await connect(dsn)

    def note(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
        told.put_nowait((time.monotonic(), int(payload)))

    await connection.execute(tell)
    await listener.add_listener("bench", note)
    try:
        yield connection, told
    finally:
        await listener.close()
        await connection.close()


async def _open(connection: asyncpg.Connection, discord: Discord, *, steps: int) -> tuple[Message, int]:
    """An incident whose alert is posted already, with steps that are due tomorrow and their jobs."""
    message = await discord.human.say("admin", "p2-deploys", "bench")
    channel_id, message_id = int(message.channel_id), int(message.id)
    key = uuid.uuid4().hex
    number = await connection.fetchval(_INCIDENT, discord.guild_id, key, channel_id, message_id)
    await connection.execute(_POST, discord.guild_id, number, key, key[:25], channel_id, message_id)
    await connection.execute(_STEPS, number, steps)
    return message, int(number)


async def _event(discord: Discord, since: int, message: Message) -> float:
    """When the event of the reaction on *message* was sent to the bot."""

    async def look() -> float | None:
        for entry in await discord.human.log(since=since):
            frame = entry["frame"] if entry["kind"] == "gateway" else {}
            if frame.get("t") == "MESSAGE_REACTION_ADD" and frame["d"]["message_id"] == message.id:
                return float(entry["monotonic_s"])
        return None

    return await discord.human.until(look, "the event of the reaction")


async def make_floor(dsn: str) -> None:
    """A table with one row, for commits that do nothing else."""
    connection = await connect(dsn)
    await connection.execute("CREATE TABLE bench_floor (n integer NOT NULL)")
    await connection.execute("INSERT INTO bench_floor VALUES (0)")
    await connection.close()

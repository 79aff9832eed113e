"""How the bot bears a storm: thousands of steps due at once, of open incidents, of reactions."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx

from bot.domain.jobs import Job, JobName
from bot.storage.database.pools import open_pool
from bot.storage.queue.runner import JobRunner
from bot.storage.store import Store
from local_discord.client import Human
from tests.bench.measurements.measure import acknowledged
from tests.bench.servers.seed import open_incidents
from tests.bench.servers.stand import Discord
from tests.postgres import connect

_SOON = timedelta(seconds=4)
_LOOK_EVERY_S: Final = 0.02
_WITHIN_S: Final = 120.0
#: How far one step is from the next. Each takes about six requests, and the bot keeps to Discord's 50 a
#: second: closer together, that limit is what would be measured.
_APART = timedelta(milliseconds=300)
_STORM_S: Final = 60
_PEOPLE: Final = 5  # in the local Discord; each reacts once on each message
_NEW_FOR_S: Final = 16.0
_HEARTBEAT_S: Final = 1.0

_LEFT = """
SELECT clock_timestamp() - max(due_at) AS late, count(*) FILTER (WHERE status = 'pending') AS left
  FROM escalation_steps
 WHERE index = 0 AND incident_id = ANY ($1::bigint[])
"""
_OWED = "SELECT count(*) FROM deliveries WHERE status IN ('pending', 'sending')"
_TELL = """
CREATE OR REPLACE FUNCTION bench_step() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('bench_steps', extract(epoch FROM NEW.due_at)::text); RETURN NEW; END $$;
CREATE TRIGGER bench_step AFTER UPDATE OF status ON escalation_steps
    FOR EACH ROW WHEN (NEW.status = 'done') EXECUTE FUNCTION bench_step();
"""
_QUIET = "DROP TRIGGER bench_step ON escalation_steps"
_END = """
UPDATE incidents SET status = 'resolved', resolved_at = now(), resolved_by_id = 1, resolved_by_name = 'bench'
 WHERE status = 'triggered';
UPDATE escalation_steps SET status = 'cancelled', decided_at = now() WHERE status = 'pending';
UPDATE deliveries SET status = 'cancelled', finished_at = now() WHERE status IN ('pending', 'sending');
DELETE FROM pgqueuer WHERE status = 'queued';
"""
_FLOOR = """
WITH stored AS (
    INSERT INTO deliveries (guild_id, kind, target, key, nonce, data)
    SELECT 1, 'notice', 'nobody', 'floor:' || n, 'floor' || n, '{"step": 1, "mention": "here"}'
      FROM generate_series(1, 3 * $1::integer) AS n
)
UPDATE escalation_steps SET status = 'done', decided_at = now() WHERE incident_id = ANY ($2::bigint[])
"""


async def decided(discord: Discord, dsn: str, *, count: int) -> tuple[list[float], float]:
    """Seconds from the moment when *count* steps fall due until each is decided, and until all are told."""
    connection = await connect(dsn)
    post = await discord.human.say("admin", "p0-alerts", "storm")
    numbers = await open_incidents(connection, discord, post, count=count, due_in=_SOON, name="storm")
    took: list[float] = []
    async with asyncio.timeout(_WITHIN_S):
        while len(took) < count:
            late, left = await connection.fetchrow(_LEFT, numbers)
            took += [late.total_seconds()] * (count - left - len(took))
            await asyncio.sleep(_LOOK_EVERY_S)
        started = time.monotonic()
        while await connection.fetchval(_OWED):  # noqa: ASYNC110 -- it is another process's
            await asyncio.sleep(_LOOK_EVERY_S)
    told = took[-1] + time.monotonic() - started
    await finish(connection)
    await connection.close()
    return took, told


async def written(discord: Discord, dsn: str, *, count: int) -> list[float]:
    """Seconds of one statement that writes as many rows as *count* decisions do."""
    connection = await connect(dsn)
    post = await discord.human.say("admin", "p0-alerts", "floor")
    numbers = await open_incidents(connection, discord, post, count=count, name="floor")
    started = time.monotonic()
    await connection.execute(_FLOOR, count, numbers)
    took = time.monotonic() - started
    await finish(connection)
    await connection.close()
    return [took]


@asynccontextmanager
async def many_open(
    discord: Discord, dsn: str, *, count: int, teams: Sequence[str | None] = (None,)
) -> AsyncIterator[None]:
    """So many incidents that nobody has acknowledged and that are due tomorrow."""
    connection = await connect(dsn)
    post = await discord.human.say("admin", "p0-alerts", "open")
    await open_incidents(connection, discord, post, count=count, name=f"open {uuid4().hex} ", teams=teams)
    yield
    await finish(connection)
    await connection.close()


async def lateness(
    discord: Discord,
    dsn: str,
    *,
    rounds: int,
    apart: timedelta = _APART,
    teams: Sequence[str | None] = (None,),
) -> list[float]:
    """Seconds from a step's due time to its commit, one step at a time, of *teams* in turn."""
    connection, listener = await connect(dsn), await connect(dsn)
    took: list[float] = []
    done = asyncio.Event()

    def note(_connection: Any, _pid: int, _channel: str, due_at: str) -> None:
        took.append(time.time() - float(due_at))
        if len(took) == rounds:
            done.set()

    await connection.execute(_TELL)
    await listener.add_listener("bench_steps", note)
    post = await discord.human.say("admin", "p1-ops", "late")
    for number in range(rounds):
        due_in, sev2 = _SOON + number * apart, ("SEV2", "P1", 90)
        await open_incidents(
            connection,
            discord,
            post,
            count=1,
            due_in=due_in,
            severity=sev2,
            name=f"late {uuid4().hex} ",
            teams=(teams[number % len(teams)],),
        )
    async with asyncio.timeout(_WITHIN_S):
        await done.wait()
    await connection.execute(_QUIET)
    await listener.close()
    await connection.close()
    return took


async def bare_lateness(dsn: str, *, rounds: int) -> list[float]:
    """Seconds that a job which does nothing starts late, in a queue with nothing else."""
    pool, done = await open_pool(dsn), asyncio.Event()
    took: list[float] = []
    due: dict[str, float] = {}

    async def note(payload: str) -> None:
        took.append(time.time() - due[payload])
        if len(took) == rounds:
            done.set()

    runner = JobRunner(dsn, {JobName.REFRESH: note})
    running = asyncio.create_task(runner.run())
    for number in range(rounds):
        after = _SOON / 2 + number * _APART
        async with Store(pool).transaction() as tx:
            due[str(number)] = ((await tx.now()) + after).timestamp()
            await tx.enqueue(Job(JobName.REFRESH, str(number), f"floor:{number}", after=after))
    async with asyncio.timeout(_WITHIN_S):
        await done.wait()
    runner.stop()
    await running
    await pool.close()
    return took


async def reactions(discord: Discord, dsn: str, *, per_s: int) -> tuple[list[float], list[float], float]:
    """A storm of 👀 on thousands of messages of no interest, for a minute.

    Returns:
        Seconds to the committed acknowledge of an incident, one a second; seconds that heartbeats are late;
        and how many reactions were told each second.
    """
    async with httpx.AsyncClient(timeout=_WITHIN_S, trust_env=False) as http:
        said = {"user": "admin", "channel": "general", "count": per_s * _STORM_S // _PEOPLE, "per_s": per_s}
        (await http.post(f"{discord.human_url}/burst", json=said)).raise_for_status()
        await asyncio.sleep(_NEW_FOR_S)  # whatever is younger may be a post whose id is not stored yet
        since = await discord.human.log_end()
        asked = {"channel": "general", "emoji": "👀", "count": per_s * _STORM_S, "per_s": per_s}
        storm = asyncio.create_task(http.post(f"{discord.human_url}/reactions", json=asked))
        acks: list[float] = []
        async with acknowledged(discord, dsn) as acknowledge:
            while not storm.done():
                acks.append(await acknowledge())
                await asyncio.wait({storm}, timeout=1.0)
        answer = (await storm).json()
        log = (await http.get(f"{discord.human_url}/log", params={"since": since})).json()["entries"]
    return acks, _late_heartbeats(log), answer["count"] / answer["elapsed_s"]


def _late_heartbeats(log: list[dict[str, Any]]) -> list[float]:
    frames = (entry for entry in log if entry["kind"] == "gateway")
    at = [entry["monotonic_s"] for entry in frames if entry["frame"].get("op") == 1]
    return [max(0.0, after - before - _HEARTBEAT_S) for before, after in pairwise(at)]


async def beat_every_second(human: Human) -> None:
    """Whoever connects from now on has a heartbeat to send each second."""
    await human.change("limits", gateway={"heartbeat_ms": int(1000 * _HEARTBEAT_S)})


async def finish(connection: asyncpg.Connection) -> None:
    """Nothing is open, due or owed any more."""
    await connection.execute(_END)

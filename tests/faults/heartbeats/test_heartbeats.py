"""Rows 96 and 97: a beat comes while the database is away, and the bot dies; one address is flooded."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from bot.runbook import default_policy_text
from cogs.heartbeats.rules import secret_of
from local_discord.world.seed import GUILD_ID
from tests.cogs.hooks.sending import group
from tests.faults.conftest import Figure, OpenStage
from tests.faults.integrations.test_hooks import addresses, processed
from tests.faults.stage.stage import Stage
from tests.patience import PATIENCE_S
from tests.pg_proxy import PgProxy

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-heartbeats")]

_KEY: Final = "a-key-of-the-installation"
_HOOK_SECRET: Final = "a-secret-of-alertmanager"
_TABLES: Final = """
[heartbeats.backup]
every = "1h"
grace = "10m"
severity = "SEV2"

[heartbeats.other]
every = "1d"
severity = "SEV2"

[heartbeats.flooded]
every = "1d"
severity = "SEV2"
"""

#: Requests a second of each flood, and for how long.
_PER_S: Final = 1_000
_FOR_S: Final = 5

#: Of one connection at once; as many connections as it takes.
_AT_ONCE: Final = 50
_CONNECTIONS: Final = 4

#: How many beats of one heartbeat are taken at once; then one a second.
_BURST: Final = 20

#: When a job or a monitor that is not to blame is answered at the latest, seconds.
_ANSWERED_S: Final = 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy(shared: tuple[Stage, PgProxy]) -> PgProxy:
    """What the bots reach the database by."""
    return shared[1]


@pytest_asyncio.fixture(loop_scope="module")
async def stage(shared: tuple[Stage, PgProxy]) -> AsyncIterator[Stage]:
    """The module's stage with a healthy bot; after the row the promise is checked."""
    stage, _ = shared
    yield stage
    await stage.finish()
    await stage.clear()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    open_stage: OpenStage, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stage, PgProxy]]:
    """The module's stage, whose bots hear beats and hooks, and reach the database by a proxy."""
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    text = default_policy_text().replace("\nwatch = true", "\nwatch = false")
    path.write_text(text + _TABLES, encoding="utf-8")
    env = {
        "HOOKS_PORT": "0",
        "HOOKS_ALERTMANAGER_SECRET": _HOOK_SECRET,
        "HEARTBEATS_SECRET": _KEY,
        "RUNBOOK_FILE": str(path),
    }
    async with open_stage(**env) as stage, PgProxy(stage.world.database_url).running() as proxy:
        await stage.world.start_bot(DATABASE_URL=proxy.dsn())
        yield stage, proxy
        await stage.finish()
        await stage.world.stop_bot()


def address(stage: Stage, name: str) -> str:
    """Return where a job reports to the bot that was started last."""
    hooks = urlsplit(addresses(stage)[-1])
    return f"http://{hooks.netloc}/ping/{secret_of(_KEY, int(GUILD_ID), name)}"


async def report(url: str) -> int:
    """Report once; the status of the answer."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as job:
        return (await job.get(url)).status_code


async def known(stage: Stage, name: str) -> dict[str, Any]:
    """Return the row of a heartbeat; empty before its first beat."""
    rows = await stage.world.rows("SELECT * FROM heartbeats WHERE name = $1", name)
    return dict(rows[0]) if rows else {}


async def looked_at(stage: Stage) -> None:
    """Wait until the leader has looked at the heartbeats since now."""

    async def look() -> bool:
        return bool(await stage.world.rows("SELECT FROM heartbeat_looks WHERE looked_at > $1", since))

    since = stage.now()
    await stage.until(look, "a look at the heartbeats")
    await stage.world.idle()


async def silences(stage: Stage) -> list[str]:
    """Return the titles of alerts about the backup."""
    rows = await stage.world.rows("SELECT title FROM incidents WHERE title LIKE '%backup%' ORDER BY id")
    return [row["title"] for row in rows]


async def test_row_96_a_beat_while_the_database_is_away(stage: Stage, proxy: PgProxy, figure: Figure) -> None:
    """The beat is answered once it is on disk, outlives kill -9, and counts as of when it came."""
    world, folder = stage.world, stage.world.folder / "data" / "heartbeats"
    assert await report(address(stage, "backup")) == 200
    first: datetime = (await known(stage, "backup"))["beat_at"]
    await looked_at(stage)
    await world.fast_forward(minutes=65)  # beyond the hour, within the grace
    await looked_at(stage)
    stage.falls_ill()
    proxy.limit = 0
    proxy.break_all()
    assert await report(address(stage, "backup")) == 200
    came_at = stage.now()
    assert len(list(folder.glob("*.json"))) == 1
    await world.kill_bot()
    proxy.limit = None
    await world.shift(minutes=35)  # without that beat the backup would be late by now
    await world.start_bot(DATABASE_URL=proxy.dsn())
    stage.recovers()

    async def counted() -> datetime | None:
        row = await known(stage, "backup")
        return row["beat_at"] if row["beat_at"] > first else None

    beat_at: datetime = await stage.until(counted, "the beat in the database")
    assert abs(beat_at - came_at) < timedelta(seconds=10)
    await looked_at(stage)
    assert await silences(stage) == []
    await world.fast_forward(minutes=33)
    await looked_at(stage)
    assert await silences(stage) == []
    await world.fast_forward(minutes=3)  # 71 minutes after the beat, 36 after it was stored

    async def late() -> list[str]:
        return await silences(stage)

    assert await stage.until(late, "the alert about the next beat") == ["backup から報告なし (1 時間ごと)"]
    assert list(folder.glob("*.json")) == []
    figure(f"1 beat of 1, as of {(beat_at - came_at).total_seconds():+.1f} s; 0 false alerts")


@pytest.mark.parametrize("what", ["one heartbeat", "an unknown secret"])
async def test_row_97_a_flood_of_beats(stage: Stage, figure: Figure, what: str) -> None:
    """A thousand a second are answered, and few kept; no other job, monitor or P0 waits for them."""
    flooded = what == "one heartbeat"
    url = address(stage, "flooded") if flooded else address(stage, "other").rpartition("/")[0] + f"/{uuid4()}"
    before = await beats(stage)
    number = (await stage.sev1(f"Row97 {what}")).number
    await stage.reach_deadline(number, ahead_s=2.0)
    began = time.monotonic()
    flood = asyncio.create_task(answers_to_a_flood(url))
    waited = await answered_meanwhile(stage, flood, name=what)
    found = await flood
    took_s = time.monotonic() - began
    await stage.escalated(number)
    await processed(stage)
    assert found.total() == _PER_S * _FOR_S
    assert set(found) <= ({200, 429} if flooded else {404})
    assert found[200] <= _BURST + took_s + 1
    kept = await beats(stage)
    assert kept["flooded"] - before["flooded"] <= _BURST
    assert kept["other"] > before["other"]
    assert max(waited) < _ANSWERED_S
    figure(
        f"{what}: {found.total() / took_s:,.0f} a second, {found[200]} taken;"
        f" the others {max(waited) * 1000:.0f} ms at most"
    )


async def beats(stage: Stage) -> Counter[str]:
    """Return how many beats of each heartbeat are kept."""
    rows = await stage.world.rows("SELECT name, count(*) AS count FROM heartbeat_beats GROUP BY name")
    return Counter({row["name"]: row["count"] for row in rows})


async def answered_meanwhile(stage: Stage, flood: "asyncio.Task[Any]", *, name: str) -> Sequence[float]:
    """Let another job and a monitor report during the flood; return the seconds until each answer."""
    [hooks], waited = addresses(stage), []
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        while not flood.done():
            began = time.monotonic()
            said = await client.get(address(stage, "other"))
            waited.append(time.monotonic() - began)
            began = time.monotonic()
            alert = await client.post(hooks, json=group("resolved", name=f"Row97 {name}"))
            waited.append(time.monotonic() - began)
            assert (said.status_code, alert.status_code) == (200, 202)
            await asyncio.wait({flood}, timeout=1.0)  # a heartbeat may send one a second
    return waited


async def answers_to_a_flood(url: str) -> Counter[int]:
    """Send a thousand requests a second; return how many had each status."""
    found: Counter[int] = Counter()
    each = _PER_S * _FOR_S // _CONNECTIONS
    for statuses in await asyncio.gather(*(_flood(url, count=each) for _ in range(_CONNECTIONS))):
        found.update(statuses)
    return found


async def _flood(url: str, *, count: int) -> list[int]:
    """Send *count* requests on one connection, many at once."""
    place = urlsplit(url)
    request = f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    statuses: list[int] = []
    pause_s = _AT_ONCE * _CONNECTIONS / _PER_S
    try:
        while len(statuses) < count:
            until = time.monotonic() + pause_s
            some = min(_AT_ONCE, count - len(statuses))
            writer.write(request * some)
            statuses += [await _status(reader) for _ in range(some)]
            await asyncio.sleep(until - time.monotonic())
    finally:
        writer.close()
    return statuses


async def _status(reader: asyncio.StreamReader) -> int:
    """Read one answer; return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split()[1])

"""The weekly digest with its chart: how long it takes, and whether the bot answers others meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from local_discord.client import Message
from tests.bench.figures import Figures, Limit, Row
from tests.bench.servers.stand import Discord, Running, bot
from tests.postgres import connect

_INCIDENTS: Final = 2_000
_APART_S: Final = 55 * 86_400 / _INCIDENTS
_ROUNDS: Final = 5
_WITHIN_S: Final = 30.0
_ASK_EVERY_S: Final = 0.002
_REST_S: Final = 10.0
_NONCE_S: Final = 600.0  # Discord has forgotten the message of the same nonce by then

_HURRY: Final = Limit(worst_ms=5_000)
_STALL: Final = Limit(worst_ms=50)

# Eight weeks of incidents, each acknowledged and resolved after a time of its own.
_FILL: Final = f"""
INSERT INTO incidents (guild_id, key, severity, priority, status, title, targets,
                       started_at, triggered_at, ack_due_at, reported_by_id, reported_by_name,
                       acknowledged_at, acknowledged_by_id, acknowledged_by_name,
                       resolved_at, resolved_by_id, resolved_by_name, first_ended_at)
SELECT $1, 'digest:' || n, (ARRAY['SEV1', 'SEV2', 'SEV3'])[1 + n % 3], 'P' || n % 3, 'resolved',
       'incident ' || n, ARRAY['api.parky.co.jp'],
       at, at, at + interval '15 minutes', 1, 'Ann',
       at + make_interval(secs => 60 + n % 5000), 1, 'Ann', ended, 1, 'Ann', ended
  FROM generate_series(1, {_INCIDENTS}) AS n
 CROSS JOIN LATERAL (SELECT now() - make_interval(days => 1, secs => n * {_APART_S}) AS at) AS began
 CROSS JOIN LATERAL (SELECT at + make_interval(secs => 7000 + n % 50000) AS ended) AS over
"""

#: Forgets the digest that was posted, so that the next one is posted and its chart drawn anew.
_FORGET: Final = """
DELETE FROM digests;
UPDATE deliveries SET key = key || ':' || id, nonce = 'old:' || id
 WHERE kind = 'digest' AND nonce NOT LIKE 'old:%';
UPDATE incidents SET severity = 'SEV1' WHERE id = (SELECT max(id) FROM incidents WHERE severity <> 'SEV1');
"""


async def rows(place: Discord, dsn: str, folder: Path) -> list[Row]:
    """Post the digest several times by hand, and ask the bot for its health all the while."""
    connection = await connect(dsn)
    await connection.execute(_FILL, place.guild_id)
    posted: list[float] = []
    async with bot({**place.settings, "DATABASE_URL": dsn}, folder) as running:
        await _post(place, charts=0)  # it makes the list of fonts, and may be late for its picture
        async with _asked(running) as resting:
            await asyncio.sleep(_REST_S)
        async with _asked(running) as working:
            for _ in range(_ROUNDS):
                await connection.execute(_FORGET)
                await place.human.advance_clock(_NONCE_S)
                posted.append(await _post(place))
    await connection.close()
    return [
        Row(
            f"/digest now → posted with its chart, {_INCIDENTS:,} incidents",
            Figures.of(posted),
            limit=_HURRY,
            goal="< 5 s",
        ),
        Row(
            "the event loop meanwhile: /healthz answers",
            Figures.of(working),
            Figures.of(resting),
            "the same while the bot rests",
            _STALL,
            goal="never 50 ms",
        ),
    ]


async def _post(place: Discord, *, charts: int = 1) -> float:
    """Post the last week's digest by hand; seconds until it is there with at least so many charts."""
    before = {one.id for one in await place.human.messages("p3-insights")}
    started = time.monotonic()
    await place.human.command("primary", "general", "digest now")
    await place.human.see(
        "p3-insights",
        where=lambda post: post.id not in before and _charts(post) >= charts,
        within_s=_WITHIN_S,
    )
    return time.monotonic() - started


def _charts(post: Message) -> int:
    return sum("image" in embed for embed in post.raw["embeds"])


@asynccontextmanager
async def _asked(running: Running) -> AsyncIterator[list[float]]:
    """Ask for the bot's health again and again; seconds of each answer."""
    took: list[float] = []

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=running.health_url, trust_env=False) as http:
            while True:
                started = time.monotonic()
                (await http.get("/healthz")).raise_for_status()
                took.append(time.monotonic() - started)
                await asyncio.sleep(_ASK_EVERY_S)

    asking = asyncio.create_task(ask())
    try:
        yield took
    finally:
        asking.cancel()

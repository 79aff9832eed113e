"""Many incidents at once, put into the database as the use cases would have, without their posts."""

from collections import Counter
from datetime import timedelta

from bot.domain.delivery.delivery import priority_of
from bot.domain.jobs import Job, JobName
from bot.storage.database.pools import open_pool
from bot.storage.database.sql import Sql
from bot.storage.queue.enqueue import Queue
from tests.e2e.world.world import World
from tests.faults.judge.seen import ESCALATES, bundles, posts

_OPEN = """
WITH made AS (
    INSERT INTO incidents (guild_id, key, severity, priority, title, started_at, ack_due_at, reported_by_id,
                           reported_by_name)
    SELECT $1, 'storm:' || $2 || ':' || n, $2, $3, 'storm ' || n, now(), now() + $5, 1, 'storm'
      FROM generate_series(1, $4) AS n
    RETURNING id
)
INSERT INTO escalation_steps (incident_id, index, starts_at, due_at, mention, dm, priority)
SELECT id, 1, now(), now() + $5, $6, '{}', $7 FROM made
RETURNING incident_id
"""
_RANKS = {"SEV1": (0, "P0", "here"), "SEV2": (1, "P1", "none"), "SEV3": (2, "P2", "none")}
_AT_ONCE = 500


async def open_many(world: World, counts: dict[str, int], *, due_in: timedelta) -> dict[int, str]:
    """Incidents whose ack deadline is *due_in* from now, by severity; the severity by number."""
    made: dict[int, str] = {}
    guild_id = int(world.sandbox.address.guild_id)
    async with await open_pool(world.database_url, max_size=1) as pool, pool.acquire() as connection:
        queue = Queue(Sql(connection), guild_id=None, is_shared=False)
        for severity, count in counts.items():
            rank, priority, mention = _RANKS[severity]
            what = (guild_id, severity, priority, count, due_in, mention, priority_of(rank))
            rows = await connection.fetch(_OPEN, *what)
            numbers = [row["incident_id"] for row in rows]
            jobs = [_job(number, rank=rank, due_in=due_in) for number in numbers]
            for start in range(0, len(jobs), _AT_ONCE):
                await queue.put(*jobs[start : start + _AT_ONCE])
            made |= dict.fromkeys(numbers, severity)
    return made


async def escalated(world: World, numbers: dict[int, str]) -> Counter[int]:
    """Return how often each of *numbers* was named by an escalation, alone or in a bundle.

    A bundle's text names only some incidents; the database has the others.
    """
    told: Counter[int] = Counter()
    together = {post.nonce: found for post, found in await bundles(world)}
    for post in posts(world.sandbox):
        if ESCALATES in post.text and not post.place.startswith("dm:"):
            named = together.get(post.nonce) or numbers_in(post.text)
            told.update({number for number in named if number in numbers})
    return told


def numbers_in(text: str) -> list[int]:
    """The incidents that *text* names."""
    words = text.replace("·", " ").replace(",", " ").replace("、", " ").replace("*", " ").split()
    return [
        int(word.removeprefix("INC-"))
        for word in words
        if word.removeprefix("INC-").isdecimal() and word.startswith("INC-")
    ]


def _job(number: int, *, rank: int, due_in: timedelta) -> Job:
    where = f"{number}:1"
    return Job(JobName.ESCALATE, where, f"step:{where}", priority=priority_of(rank), after=due_in)

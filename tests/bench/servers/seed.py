"""Thousands of open incidents at once, written straight into the database: their alert stands in Discord."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import asyncpg

from bot.services.shared.jobs import READ_AHEAD
from local_discord.client import Message
from tests.bench.servers.stand import Discord

_INCIDENTS = """
INSERT INTO incidents (guild_id, key, severity, priority, title, targets, started_at, triggered_at,
                       ack_due_at, reported_by_id, reported_by_name, alert_channel_id, alert_message_id,
                       thread_channel, team)
SELECT $1, $2 || n, $3, $4, $2 || ' ' || n, ARRAY['api.parky.co.jp'], now(), now(), now() + $5::interval,
       1, 'bench', $6, $7, 'p0-alerts', ($9::text[])[1 + n % cardinality($9::text[])]
  FROM generate_series(1, $8::integer) AS n
RETURNING id
"""
_POSTS = """
INSERT INTO deliveries (guild_id, incident_id, kind, target, key, nonce, status, first_sent_at, finished_at,
                        channel_id, message_id, shown_version)
SELECT $1, id, kind, target, 'inc:' || id || ':' || kind, left(md5(id || kind), 24), 'sent', now(), now(),
       $2, $3, 1
  FROM unnest($4::bigint[]) AS id,
       (VALUES ('alert', 'channel:p0-alerts'), ('page', 'person:primary')) AS posts (kind, target)
"""
_STEPS = """
INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm, starts_at)
SELECT id, step, now() + (step + 1) * $2::interval, 'here',
       CASE WHEN team IS NULL THEN ARRAY['primary', 'secondary'] ELSE ARRAY[team || '_1', team || '_2'] END,
       now()
  FROM incidents, generate_series(0, 1) AS step
 WHERE id = ANY ($1::bigint[])
"""
_JOBS = """
INSERT INTO pgqueuer (priority, created, updated, heartbeat, execute_after, status, entrypoint, dedupe_key,
                      payload)
SELECT $2, now(), now(), now(), due_at - $3::interval, 'queued', 'escalate',
       'step:' || incident_id || ':' || index,
       convert_to(incident_id || ':' || index, 'UTF8')
  FROM escalation_steps
 WHERE incident_id = ANY ($1::bigint[])
"""
DAY: Final = timedelta(days=1)


async def open_incidents(
    connection: asyncpg.Connection,
    discord: Discord,
    post: Message,
    *,
    count: int,
    due_in: timedelta = DAY,
    severity: tuple[str, str, int] = ("SEV1", "P0", 100),
    name: str = "bench",
    teams: Sequence[str | None] = (None,),
) -> list[int]:
    """Open *count* incidents whose alert is *post*, in one commit; the first of two steps is due in *due_in*.

    Args:
        severity: Its name, its priority, and that of its jobs.
        name: Unique for each call.
        teams: Whose they are, in turn; of a team "a" the places "a_1" and "a_2" are asked.

    Returns:
        Their numbers.
    """
    place = (int(post.channel_id), int(post.id))
    async with connection.transaction():
        what = (discord.guild_id, name, severity[0], severity[1], due_in, *place, count, list(teams))
        made = [row["id"] for row in await connection.fetch(_INCIDENTS, *what)]
        await connection.execute(_POSTS, discord.guild_id, *place, made)
        await connection.execute(_STEPS, made, due_in)
        await connection.execute(_JOBS, made, severity[2], READ_AHEAD)
    return made

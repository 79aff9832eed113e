"""Undelivered notifications of other senders, as Parky's API leaves them in the DLQ."""

import json
from uuid import UUID

from tests.e2e.world.world import World

DETAIL = "api.parky.co.jp /v1/payments"
PAYLOAD = {
    "username": "Parky notify",
    "content": "@everyone 🔴 決済エラー率 8.2 %",
    "embeds": [{"title": "決済エラー率", "description": DETAIL}],
    "allowed_mentions": {"parse": ["everyone"]},
}
INSERT = """
INSERT INTO admin.notification_failures (attempted_at, channel, severity, title, http_status, retry_count,
                                         error_message, fallback_email_sent, payload)
VALUES (now() - make_interval(mins => $1), $2, $3, $4, $5, 3, 'upstream timeout', $6, $7) RETURNING id
"""

#: A table of another program as the policy describes it, and how its owner makes and fills it.
OTHER_TABLE = """[dlq]
table = "ops.lost"
[dlq.columns]
attempted_at = "at"
severity = "none"
retry_count = "none"
fallback_email_sent = "none"
"""
OTHER_MADE_BY = (
    "CREATE SCHEMA ops",
    """
    CREATE TABLE ops.lost (id text PRIMARY KEY, at timestamptz NOT NULL, channel text, title text,
                           http_status text, error_message text, status text, payload text, region text)
    """,
    f"""
    INSERT INTO ops.lost VALUES ('ntf_01HX9XK4', now() - interval '1 min', 'p0-alerts', '決済エラー率', '503',
                                 'upstream', 'failed', '{json.dumps(PAYLOAD)}', 'ap-northeast-1')
    """,
)


async def lose(
    world: World,
    title: str,
    *,
    minutes_ago: int = 5,
    channel: str = "p0-alerts",
    severity: str = "P0",
    status: int | None = 503,
    emailed: bool = False,
    content: str | None = None,
) -> UUID:
    """Insert an undelivered notification, and return its id."""
    payload = PAYLOAD if content is None else {**PAYLOAD, "content": content}
    values = (minutes_ago, channel, severity, title, status, emailed, json.dumps(payload))
    [row] = await world.rows(INSERT, *values)
    found: UUID = row["id"]
    return found

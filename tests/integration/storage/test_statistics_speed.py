"""How long the figures take when the table is full."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import starmap
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from bot.domain.statistics.figures import ALL, Scope
from bot.domain.statistics.load import NIGHT, LoadRules
from bot.domain.statistics.period import Span
from bot.storage.tables.statistics import IncidentStatistics, LoadStatistics
from tests.integration.storage.conftest import Rig
from tests.services.database import Database
from tests.statistics.history import GUILD, PROMISING

TOKYO: Final = ZoneInfo("Asia/Tokyo")

#: A quarter, in which all of them are: no index can leave any out.
QUARTER: Final = Span(datetime(2026, 10, 1, tzinfo=TOKYO), datetime(2027, 1, 1, tzinfo=TOKYO))

#: The longest that a figure may take, seconds. Source: the digest has several, and is posted within five.
WITHIN_S: Final = 1.0

#: Work of the processor alone: how fast the machine is at this moment. It takes 0.2 s on one that is free.
_FLOOR: Final = "SELECT count(md5(number::text)) FROM generate_series(1, 1000000) AS number"
#: On a machine that others use, a figure may take this many times as long as that work right after it.
_FLOORS: Final = 5

_FILL: Final = (
    """
    INSERT INTO incidents (
        guild_id, key, severity, priority, status, title, targets, started_at, triggered_at,
        ack_due_at, reported_by_id, reported_by_name,
        acknowledged_at, acknowledged_by_id, acknowledged_by_name,
        resolved_at, resolved_by_id, resolved_by_name, first_ended_at, fingerprint, last_seen_at)
    SELECT 7, 'made:' || number, 'SEV' || number % 3 + 1, 'P0', 'resolved', 'title',
           ARRAY['api', 'dev-*'], at, at, at + interval '15 minutes', 1, 'Monitor ' || number % 20,
           at + number % 3600 * interval '1 second', 2, 'Ann', at + interval '2 hours', 2, 'Ann',
           at + interval '2 hours', 'alert ' || number % 500, at
      FROM generate_series(1, 100000) AS number,
           LATERAL (SELECT timestamptz '2026-10-01 00:00+09' + number * interval '79 seconds' AS at) AS moment
    """,
    """
    INSERT INTO responders (incident_id, user_id, name, via, joined_at)
    SELECT id, 11 + id % 5, 'r', 'button', acknowledged_at FROM incidents
    """,
    """
    INSERT INTO timeline (incident_id, at, kind, data)
    SELECT id, triggered_at + entry * interval '10 minutes', told.kind, told.data
      FROM incidents,
           (VALUES (0, 'opened', '{}'::jsonb), (1, 'acknowledged', '{}'),
                   (2, 'updated', '{"known": "x", "next_at": "2026-10-01T00:00:00Z"}'),
                   (3, 'update_due', '{"reminder": 1}'), (4, 'resolved', '{}')) AS told (entry, kind, data)
    """,
    """
    INSERT INTO deliveries (guild_id, incident_id, kind, target, key, status, nonce, request, finished_at)
    SELECT 7, id, made.kind, 'person:primary', made.kind || id, 'sent', made.kind || id,
           jsonb_build_object('recipient', 'person' || id % 5), triggered_at
      FROM incidents, (VALUES ('page'), ('alert'), ('thread')) AS made (kind)
    """,
    "ANALYZE incidents, responders, timeline, deliveries",
)


@pytest.mark.slow
@pytest.mark.quiet(alone=True)
async def test_no_figure_of_a_hundred_thousand_incidents_takes_a_second(rig: Rig, database: Database) -> None:
    """All of them in one quarter, each with pages, responders and updates."""
    for statement in _FILL:
        await database.fetch(statement)
    await database.move_to(QUARTER.end)
    incidents, load = IncidentStatistics(rig.store.sql), LoadStatistics(rig.store.sql)
    rules = LoadRules(NIGHT, (6, 7), (QUARTER.start.date(),))
    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "by severity": partial(incidents.severity_figures, GUILD, QUARTER, ALL),
        "by week": partial(incidents.weekly_figures, GUILD, QUARTER, TOKYO, ALL),
        "of a person": partial(incidents.severity_figures, GUILD, QUARTER, Scope(person_id=12)),
        "updates": partial(incidents.update_figures, GUILD, QUARTER, ALL, promising=PROMISING),
        "set aside": partial(incidents.set_aside, GUILD, QUARTER),
        "late": partial(incidents.late_incidents, GUILD, QUARTER, ALL, limit=50),
        "without an owner": partial(incidents.unowned_by_severity, GUILD, QUARTER, ALL),
        "longest without": partial(incidents.most_unowned, GUILD, QUARTER, ALL, limit=3),
        "targets": partial(incidents.busiest_targets, GUILD, QUARTER, ALL, limit=5),
        "drills": partial(incidents.drill_figures, GUILD, QUARTER),
        "pages": partial(load.page_counts, GUILD, QUARTER, TOKYO, rules),
        "senders": partial(load.alert_sources, GUILD, QUARTER),
        "noisiest": partial(load.noisiest_alerts, GUILD, QUARTER, limit=3),
        "examples": partial(load.examples, GUILD, Span(QUARTER.start, QUARTER.start + timedelta(days=7))),
    }
    floor = partial(database.fetch, _FLOOR)
    took = {
        name: [(await seconds(ask), await seconds(floor)) for _ in range(3)] for name, ask in asked.items()
    }
    slow = {name: each for name, each in took.items() if not any(starmap(is_fast, each))}
    assert slow == {}, took


def is_fast(took_s: float, floor_s: float) -> bool:
    """Whether a figure is ready in time, on a free machine or beside *floor_s* of other work."""
    return took_s <= max(WITHIN_S, _FLOORS * floor_s)


async def seconds(ask: Callable[[], Awaitable[object]]) -> float:
    """How long one answer takes."""
    begun = time.perf_counter()
    await ask()
    return time.perf_counter() - begun

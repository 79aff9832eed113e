"""The digest, `/stats` and `/metrics` tell the same numbers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.statistics.figures import IncidentFigures, SeverityFigures
from bot.domain.statistics.period import IsoWeek, Period, PeriodKind
from bot.process.metrics import GuildWeek, IncidentCounts, exposition
from cogs.digest.use_cases import Digests
from cogs.stats.use_cases import StatisticsQuestion, StatsViews
from tests.services.desk import GUILD, RESPONDER, Desk
from tests.statistics.history import NOW, ZONES, History, histories
from tests.statistics.writing import write

TOKYO = ZONES[0]  # the policy's


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=histories(zones=(TOKYO,)))
async def test_every_shared_number_agrees(desk: Desk, history: History) -> None:
    """The digest and /stats give the same numbers for each of the last four weeks.

    For the current week, /stats and /metrics give the same numbers.
    """
    await write(desk.database, history)
    for ago in range(1, 5):
        week = IsoWeek.of(NOW.date()).back(ago)
        digest = await desk.services.of(Digests).figures(week)
        view = await desk.services.of(StatsViews).show(StatisticsQuestion(Period.of_week(week)), by=RESPONDER)
        assert (view.figures, view.before, view.late) == (digest.figures, digest.before, digest.missed)
        assert view.trend[-1].week == week
        assert happened(view.trend[-1].severities) == happened(digest.figures.severities)
        assert len(digest.missed) == digest.figures.ack_deadlines.missed
    now = await desk.services.of(StatsViews).show(
        StatisticsQuestion(Period.containing(NOW.date(), PeriodKind.WEEK)),
        by=RESPONDER,
    )
    assert now.goes_on
    assert await measured(desk) == pytest.approx(told(now.figures))


def happened(severities: tuple[SeverityFigures, ...]) -> list[SeverityFigures]:
    """Without zeros: a trend has each severity that any of its weeks has."""
    return [one for one in severities if one.incidents]


async def measured(desk: Desk) -> dict[tuple[str, ...], float]:
    """What /metrics says of the week, read by Prometheus' own parser: name and labels -> value."""
    weeks = (GuildWeek(GUILD, await desk.services.statistics.this_week(GUILD)),)
    counts = IncidentCounts(open=(), severities=(), guilds=(GUILD,), now=NOW, weeks=weeks)
    body = exposition({}, latency_s=0.1, incidents=counts).decode()
    return {
        (sample.name.removeprefix("incident_bot_week_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
        if sample.name.startswith("incident_bot_week_")
    }


def told(figures: IncidentFigures) -> dict[tuple[str, ...], float]:
    """The same from the figures of `/stats`."""
    found: dict[tuple[str, ...], float | None] = {}
    for severity, unowned_s in figures.unowned.by_severity.items():
        found[("unowned_seconds", str(GUILD), severity)] = unowned_s
    for one in figures.severities:
        labels = (str(GUILD), one.severity)
        found[("incidents", *labels)] = one.incidents
        found.setdefault(("unowned_seconds", *labels), 0.0)
        found[("ack_deadlines", *sorted((*labels, "met")))] = one.ack_deadlines.met
        found[("ack_deadlines", *sorted((*labels, "missed")))] = one.ack_deadlines.missed
        for name, took in (("acknowledge", one.acknowledge), ("resolve", one.resolve)):
            for quantile, seconds in (("0.5", took.median_s), ("0.9", took.p90_s)):
                found[(f"{name}_seconds", *sorted((*labels, quantile)))] = seconds
    return {key: value for key, value in found.items() if value is not None}


async def test_more_than_a_hundred_servers_have_no_series_of_their_own() -> None:
    """More than a hundred servers have no series of their own, because Prometheus keeps a series for each."""
    weeks = tuple(GuildWeek(number, IncidentFigures((SeverityFigures("SEV1", 1),))) for number in range(101))
    counts = IncidentCounts((), (), (), now=NOW + timedelta(), weeks=weeks)
    assert b"incident_bot_week" not in exposition({}, latency_s=0.1, incidents=counts)
    few = replace(counts, weeks=weeks[:100])
    assert b'incident_bot_week_incidents{guild="99",severity="SEV1"} 1.0' in exposition(
        {}, latency_s=0.1, incidents=few
    )

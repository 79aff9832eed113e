"""The figures that SQL counts, against the same figures counted in Python on generated weeks."""

from dataclasses import fields, replace
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.statistics.figures import ALL, Durations, Scope, SeverityFigures
from bot.domain.statistics.load import NIGHT, NO_SLEEP, LoadRules, PageCounts, SleepHours
from bot.domain.statistics.period import IsoWeek, Span
from bot.storage.tables.statistics import IncidentStatistics, LoadStatistics
from tests.integration.storage.conftest import Rig
from tests.services.database import Database
from tests.statistics import recount
from tests.statistics.history import (
    AFTER,
    FIRST,
    GUILD,
    HOLIDAYS,
    PEOPLE,
    PROMISING,
    RINGING,
    SEVERITIES,
    TARGETS,
    History,
    histories,
)
from tests.statistics.writing import write

_RULES: Final = LoadRules(sleep=NIGHT, free_days=(6, 7), holidays=HOLIDAYS)
_SCOPES: Final = st.builds(
    Scope,
    severity=st.sampled_from([None, None, *SEVERITIES]),
    target=st.sampled_from([None, None, *TARGETS]),
    person_id=st.sampled_from([None, None, *PEOPLE]),
)


def span_of(history: History) -> Span:
    """The weeks, from Monday 00:00 to Monday 00:00 in the team's zone."""
    return Span(*(datetime.combine(day, time(), history.zone) for day in (FIRST, AFTER)))


def same(one: Durations, other: Durations) -> bool:
    """Whether both are the same but for the rounding of floats."""
    assert one.count == other.count
    return (one.median_s, one.p90_s) == pytest.approx((other.median_s, other.p90_s), abs=1e-4)


def same_severity(one: SeverityFigures, other: SeverityFigures) -> bool:
    """The same of all figures of a severity."""
    kept = ("severity", "incidents", "ack_deadlines")
    assert [getattr(one, name) for name in kept] == [getattr(other, name) for name in kept]
    assert set(kept) | {"acknowledge", "resolve"} == {field.name for field in fields(one)}
    return same(one.acknowledge, other.acknowledge) and same(one.resolve, other.resolve)


async def _incidents_by_severity(rig: Rig, history: History, scope: Scope) -> None:
    """Counts, medians, 90th percentiles and deadlines are those of a count by hand."""
    span = span_of(history)
    expected = recount.severities(recount.needing_owner(history, span, scope))
    found = {
        one.severity: one
        for one in await IncidentStatistics(rig.store.sql, RINGING).severity_figures(GUILD, span, scope)
    }
    assert found.keys() == expected.keys()
    assert all(same_severity(found[name], expected[name]) for name in expected)


async def _incidents_by_week(rig: Rig, history: History) -> None:
    """A week begins on Monday 00:00 where the team is, also when its clocks change."""
    span = span_of(history)
    expected = recount.weeks(history, recount.needing_owner(history, span, ALL))
    found = await IncidentStatistics(rig.store.sql, RINGING).weekly_figures(GUILD, span, history.zone, ALL)
    assert found.keys() == {IsoWeek.of(monday) for monday in expected}
    for monday, severities in expected.items():
        week = {one.severity: one for one in found[IsoWeek.of(monday)]}
        assert week.keys() == severities.keys()
        assert all(same_severity(week[name], severities[name]) for name in severities)


async def _time_without_an_owner(rig: Rig, history: History, scope: Scope) -> None:
    """It is the time that the timeline has nobody for, whole or cut at both ends; no private one is named."""
    whole, rows = span_of(history), IncidentStatistics(rig.store.sql, RINGING)
    for span in (whole, Span(whole.start + timedelta(days=9), whole.start + timedelta(days=16))):
        expected = recount.unowned_s(history, span, scope)
        known = {one.id: one for one in history.incidents}
        by_severity: dict[str, float] = {}
        for number, spent in expected.items():
            severity = known[number].severity
            by_severity[severity] = by_severity.get(severity, 0.0) + spent
        found = await rows.unowned_by_severity(GUILD, span, scope)
        assert found == pytest.approx(by_severity, abs=1e-3)
        named = await rows.most_unowned(GUILD, span, scope, limit=100)
        assert {one.incident.id: one.seconds for one in named} == pytest.approx(
            {number: spent for number, spent in expected.items() if not known[number].is_private}, abs=1e-3
        )
        assert [one.seconds for one in named] == sorted((one.seconds for one in named), reverse=True)


async def _missed_deadlines(rig: Rig, history: History, scope: Scope) -> None:
    """The incidents that are listed are those that are counted."""
    span, rows = span_of(history), IncidentStatistics(rig.store.sql, RINGING)
    late = await rows.late_incidents(GUILD, span, scope, limit=100)
    counted = recount.severities(recount.needing_owner(history, span, scope)).values()
    assert len(late) == sum(one.ack_deadlines.missed for one in counted)


async def _updates_targets_and_what_is_set_aside(rig: Rig, history: History, scope: Scope) -> None:
    """Promises, the busiest targets, false alarms, duplicates, drills."""
    span = span_of(history)
    found = recount.counted(history, span, scope)
    store = rig.store
    assert await IncidentStatistics(store.sql, RINGING).update_figures(
        GUILD, span, scope, promising=PROMISING
    ) == recount.updates(found)
    targets = await IncidentStatistics(store.sql, RINGING).busiest_targets(GUILD, span, scope, limit=10)
    assert [(one.target, one.incidents) for one in targets] == recount.targets(found)
    aside = await IncidentStatistics(store.sql, RINGING).set_aside(GUILD, span)
    assert (aside.false_alarms, aside.duplicates) == recount.set_aside(history, span)
    held, acknowledge = recount.drills(history, span)
    drills = await IncidentStatistics(store.sql, RINGING).drill_figures(GUILD, span)
    assert drills.held == held
    assert same(drills.acknowledge, acknowledge)


async def _pages_by_hour_and_day(rig: Rig, history: History) -> None:
    """Each page is by day, by night, on a weekend or a holiday, by the clock on the team's wall."""
    span = span_of(history)
    found = await LoadStatistics(rig.store.sql).page_counts(GUILD, span, history.zone, _RULES)
    assert {(one.handle, one.place): one.pages for one in found} == recount.pages(history, span)


async def _alerts_by_sender_and_fingerprint(rig: Rig, history: History) -> None:
    """Acknowledged, acted on, closed as false, fired again; no private alert is named."""
    span = span_of(history)
    sources = {one.name: one.counts for one in await LoadStatistics(rig.store.sql).alert_sources(GUILD, span)}
    assert sources == recount.alerts(history, span, lambda one: one.sender)
    public = History(history.zone, tuple(one for one in history.incidents if not one.is_private), ())
    expected = recount.alerts(public, span, lambda one: one.fingerprint or "")
    noisy = await LoadStatistics(rig.store.sql).noisiest_alerts(GUILD, span, limit=10)
    assert {one.latest.tracked.fingerprint: one.counts.messages for one in noisy} == {
        fingerprint: counts.messages for fingerprint, counts in expected.items()
    }
    assert [one.counts.messages for one in noisy] == sorted(
        (one.counts.messages for one in noisy), reverse=True
    )


async def _slowest_and_latest(rig: Rig, history: History) -> None:
    """Whatever a digest's line leads to; none of them is private."""
    span = span_of(history)
    found = await LoadStatistics(rig.store.sql).examples(GUILD, span)
    kept = {(one.of.value, one.name, one.place): one.incident.id for one in found}
    assert kept == recount.examples(history, span)
    assert not any(one.incident.is_private for one in found)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=histories(), scope=_SCOPES)
async def test_every_figure_is_that_of_a_count_by_hand(
    rig: Rig, database: Database, history: History, scope: Scope
) -> None:
    """All of them on each history: to write one takes longer than to count it."""
    await write(database, history)
    await _incidents_by_severity(rig, history, scope)
    await _incidents_by_week(rig, history)
    await _time_without_an_owner(rig, history, scope)
    await _missed_deadlines(rig, history, scope)
    await _updates_targets_and_what_is_set_aside(rig, history, scope)
    await _pages_by_hour_and_day(rig, history)
    await _alerts_by_sender_and_fingerprint(rig, history)
    await _slowest_and_latest(rig, history)


_PRIVATE: Final = """
INSERT INTO incidents (guild_id, key, severity, priority, status, title, targets, started_at, triggered_at,
                       ack_due_at, reported_by_id, reported_by_name, is_private)
VALUES ($1, 'k', 'SEV1', 'P0', 'triggered', 'title', '{dev-*}', now(), now(), now(), 1, 'r', true)
"""


async def test_a_private_incident_is_counted_but_not_by_its_target(rig: Rig, database: Database) -> None:
    """One count of a target would tell what it is about."""
    await database.fetch(_PRIVATE, GUILD)
    now = await rig.store.now()
    span = Span(now, now + timedelta(seconds=1))
    (sev1,) = await IncidentStatistics(rig.store.sql).severity_figures(GUILD, span, ALL)
    assert sev1.incidents == 1
    assert await IncidentStatistics(rig.store.sql).severity_figures(GUILD, span, Scope(target="dev-*")) == []
    assert await IncidentStatistics(rig.store.sql).busiest_targets(GUILD, span, ALL, limit=5) == []


_PAGE: Final = """
INSERT INTO deliveries (guild_id, kind, target, key, status, nonce, request, finished_at)
VALUES ($1, 'page', 'person:primary', 'k', 'sent', 'n', '{"recipient": "primary"}', $2)
"""


@pytest.mark.parametrize(
    ("sleep", "expected"),
    [
        (SleepHours(time(9), time(17)), PageCounts(night=1, asleep=1)),  # of one who watches by night
        (SleepHours(time(17), time(9)), PageCounts(day=1)),
        (NO_SLEEP, PageCounts(day=1)),
    ],
)
async def test_sleep_hours_are_the_teams(
    rig: Rig, database: Database, sleep: SleepHours, expected: PageCounts
) -> None:
    """A page is counted as by day or during sleep by the team's own hours.

    These may lie within a day, go over midnight, or be none.
    """
    noon = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    await database.fetch(_PAGE, GUILD, noon)
    span, rules = Span(noon, noon + timedelta(seconds=1)), replace(_RULES, sleep=sleep)
    (found,) = await LoadStatistics(rig.store.sql).page_counts(GUILD, span, ZoneInfo("Asia/Tokyo"), rules)
    assert (found.handle, found.pages) == ("primary", expected)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-24 21:59:59.999999", PageCounts(day=1)),  # a Tuesday
        ("2026-11-24 22:00", PageCounts(night=1, asleep=1)),
        ("2026-11-25 06:59:59.999999", PageCounts(night=1, asleep=1)),
        ("2026-11-25 07:00", PageCounts(day=1)),
        ("2026-11-28 12:00", PageCounts(weekend=1)),
        ("2026-11-28 03:00", PageCounts(weekend=1, asleep=1)),
        ("2026-11-23 12:00", PageCounts(holiday=1)),  # a Monday
        ("2026-11-15 23:00", PageCounts(holiday=1, asleep=1)),  # a Sunday
    ],
)
async def test_a_page_is_in_one_group(rig: Rig, database: Database, at: str, expected: PageCounts) -> None:
    """A holiday on a Sunday is a holiday; the sleep hours are counted in every group."""
    zone = ZoneInfo("Asia/Tokyo")
    moment = datetime.fromisoformat(at).replace(tzinfo=zone)
    await database.fetch(_PAGE, GUILD, moment)
    (found,) = await LoadStatistics(rig.store.sql).page_counts(
        GUILD, Span(moment, moment + timedelta(seconds=1)), zone, _RULES
    )
    assert found.pages == expected


_ALERT: Final = """
INSERT INTO incidents (guild_id, key, severity, priority, status, title, started_at, triggered_at, ack_due_at,
                       reported_by_id, reported_by_name, resolved_at, resolved_by_id, resolved_by_name, kind,
                       fingerprint, last_seen_at)
VALUES ($1, $2, 'SEV1', 'P0', 'resolved', 'disk full', $3, $3, $3, 1, 'Sentry',
        $3::timestamptz + interval '1 hour', 1, 'r', 'alert', 'disk', $3)
"""


@pytest.mark.parametrize(("after", "again"), [(timedelta(), 1), (timedelta(microseconds=1), 0)])
async def test_an_alert_fires_again_within_a_day(
    rig: Rig, database: Database, after: timedelta, again: int
) -> None:
    """An alert that comes within a day after its end counts as fired again; exactly a day still counts."""
    begun = datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Tokyo"))
    second = begun + timedelta(hours=25) + after
    await database.fetch(_ALERT, GUILD, "first", begun)
    await database.fetch(_ALERT, GUILD, "second", second)
    (source,) = await LoadStatistics(rig.store.sql).alert_sources(
        GUILD, Span(begun, second + timedelta(seconds=1))
    )
    assert (source.name, source.counts.alerts, source.counts.again) == ("Sentry", 2, again)
    (noisy,) = await LoadStatistics(rig.store.sql).noisiest_alerts(
        GUILD, Span(begun, second + timedelta(seconds=1)), limit=3
    )
    assert (noisy.latest.triggered_at, noisy.latest.tracked.fingerprint) == (second, "disk")

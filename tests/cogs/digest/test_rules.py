"""Weeks, when they are due, and their figures."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.dlq import DlqCounts
from bot.domain.statistics.figures import IncidentFigures, SetAside, SeverityFigures
from bot.domain.statistics.period import IsoWeek
from cogs.digest.rules import Digest, next_due, week_due
from tests.unit.domain.incident.test_incident import incident

JST = ZoneInfo("Asia/Tokyo")


def due(now: datetime, zone: ZoneInfo = JST) -> tuple[str, datetime]:
    """The week due at *now* by Parky's rule: Monday 18:00."""
    week, at = week_due(now=now, weekday=0, at=time(18), zone=zone)
    return str(week), at


@pytest.mark.parametrize(
    ("now", "week"),
    [
        (datetime(2026, 11, 23, 17, 59, 59, tzinfo=JST), "2026-W46"),
        (datetime(2026, 11, 23, 18, 0, tzinfo=JST), "2026-W47"),
        (datetime(2026, 11, 23, 18, 40, tzinfo=JST), "2026-W47"),
        (datetime(2026, 11, 29, 23, 59, tzinfo=JST), "2026-W47"),
        (datetime(2027, 1, 4, 18, 0, tzinfo=JST), "2026-W53"),
    ],
)
def test_week_due(now: datetime, week: str) -> None:
    """Monday 18:00 JST tells the week that ended the night before; years with 53 weeks included."""
    assert due(now)[0] == week


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
def test_due_time_stays_at_18_across_dst(zone: str) -> None:
    """The digest is due on Monday at 18:00 local time all year, whatever DST does to the clocks."""
    place = ZoneInfo(zone)
    for day in range(400):
        _, at = due(datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day), place)
        local = at.astimezone(place)
        assert (local.weekday(), local.hour, local.minute) == (0, 18, 0)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_due_time_is_the_latest_one(now: datetime) -> None:
    """Never in the future, never more than a week ago, and the week had ended."""
    week, at = week_due(now=now, weekday=0, at=time(18), zone=JST)
    assert timedelta() <= now - at < timedelta(days=7)
    assert week.bounds(JST)[1] <= at


def test_week_in_full_width_signs() -> None:
    """A week is read in the signs that a Japanese keyboard gives."""
    assert IsoWeek.parse("２０２６－Ｗ４７") == IsoWeek(2026, 47)


@pytest.mark.parametrize("text", ["2026-47", "2026-W54", "W47", "2026-W", "x"])
def test_week_that_is_none(text: str) -> None:
    """The message shows how to write one."""
    with pytest.raises(ValueError, match="2026-W47"):
        IsoWeek.parse(text)


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_week_reads_back(day: date) -> None:
    """Written and read again it is the same week, and the week before ends where it begins."""
    week = IsoWeek.of(day)
    assert IsoWeek.parse(str(week)) == week
    assert week.previous().bounds(JST)[1] == week.bounds(JST)[0]


def digest(**changes: Any) -> Digest:
    """A week in which nothing happened, but for *changes*."""
    nothing = IncidentFigures((SeverityFigures("SEV1"),))
    quiet = Digest(IsoWeek(2026, 48), nothing, nothing, dlq=DlqCounts(0, (), 0, 0), previous_dlq=0)
    return replace(quiet, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"figures": IncidentFigures((SeverityFigures("SEV1", 1),))},
        {"figures": IncidentFigures(set_aside=SetAside(false_alarms=1))},
        {"figures": IncidentFigures(set_aside=SetAside(duplicates=1))},
        {"open": (incident(),)},
        {"dlq": DlqCounts(1, (("p0-alerts", 1),), 0, 0)},
    ],
)
def test_a_week_in_which_people_were_rung_is_not_quiet(changes: dict[str, Any]) -> None:
    """A week in which people were rung, or which leaves something open or in the DLQ, is not quiet."""
    assert not digest(**changes).is_quiet


def test_quiet_week() -> None:
    """A week in which nothing happened and nothing is left to do is quiet.

    A DLQ that could not be read does not change this.
    """
    assert digest().is_quiet
    assert digest(dlq=None).is_quiet


def test_the_next_one_is_later_than_now() -> None:
    """At its hour the next digest is a week away, by the local clock; a moment before, it is due now."""
    zone = ZoneInfo("Europe/Berlin")  # its clocks went back on 25 October
    due = next_due(datetime(2026, 10, 20, tzinfo=UTC), weekday=0, at=time(18), zone=zone)
    assert due == datetime(2026, 10, 26, 17, tzinfo=UTC)
    assert next_due(due - timedelta(microseconds=1), weekday=0, at=time(18), zone=zone) == due
    assert next_due(due, weekday=0, at=time(18), zone=zone) == due + timedelta(days=7)

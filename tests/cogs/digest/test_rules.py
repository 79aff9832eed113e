"""Weeks, when they are due, and their figures."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.dlq import DlqCounts
from bot.domain.oncall.people import OnCallPerson
from bot.domain.statistics.figures import Deadlines, IncidentFigures, SetAside, SeverityFigures, UnownedTime
from bot.domain.statistics.load import PageCounts, PersonLoad
from bot.domain.statistics.period import IsoWeek
from cogs.digest.rules import (
    Course,
    Digest,
    DigestPart,
    Harm,
    next_due,
    week_due,
    week_number,
    week_numbered,
)
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
        {"figures": IncidentFigures(unowned=UnownedTime({"SEV1": 60.0}))},
        {"load": (PersonLoad(OnCallPerson("sato", "sato"), PageCounts(night=1, asleep=1)),)},
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


def counted(incidents: int, *, missed: int = 0, unowned_h: float = 0.0, sev2: int = 0) -> IncidentFigures:
    """The figures of a week with two severities."""
    severities = (
        SeverityFigures("SEV1", incidents, ack_deadlines=Deadlines(missed=missed)),
        SeverityFigures("SEV2", sev2),
    )
    return IncidentFigures(severities, unowned=UnownedTime({"SEV1": unowned_h * 3_600.0}))


def paged(day: int, *, asleep: int = 0) -> tuple[PersonLoad, ...]:
    """The load of one person."""
    return (PersonLoad(OnCallPerson("sato", "sato"), PageCounts(day=day, night=asleep, asleep=asleep)),)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        # Fewer of everything else.
        ((counted(1), paged(1, asleep=1)), (counted(9, missed=4), paged(9)), (Course.WORSE, Harm.NIGHT)),
        ((counted(1, unowned_h=96), paged(0)), (counted(5), paged(9)), (Course.WORSE, Harm.UNOWNED)),
        ((counted(1, missed=1), paged(0)), (counted(5), paged(9)), (Course.WORSE, Harm.LATE)),
        ((counted(1), paged(3)), (counted(5, missed=2), paged(2)), (Course.WORSE, Harm.PAGES)),
        ((counted(1), paged(0)), (counted(0, sev2=8), paged(9)), (Course.WORSE, Harm.INCIDENTS)),
        ((counted(1, unowned_h=1.5), paged(1)), (counted(2, unowned_h=1), paged(1)), (Course.SAME, None)),
        ((counted(1), paged(1)), (counted(1), paged(1)), (Course.SAME, None)),
        ((counted(1), paged(1)), (counted(1), paged(2, asleep=1)), (Course.BETTER, Harm.NIGHT)),
        ((counted(1), paged(1)), (counted(0), paged(0)), (Course.UNKNOWN, None)),
    ],
)
def test_the_gravest_harm_decides_how_a_week_was(
    now: tuple[IncidentFigures, Any],
    before: tuple[IncidentFigures, Any],
    expected: tuple[Course, Harm | None],
) -> None:
    """A week that was worse in anything is never told as better."""
    week = digest(figures=now[0], load=now[1], before=before[0], load_before=before[1])
    course, why = week.course
    assert (course, None if why is None else why.harm) == expected


def test_a_week_of_which_a_part_is_unknown_is_not_praised() -> None:
    """Worse it may be called: the part that is missing can not make that untrue."""
    week = digest(before=counted(3), missing=frozenset({DigestPart.LOAD}))
    assert week.course == (Course.UNKNOWN, None)
    assert replace(week, figures=counted(4)).course[0] is Course.WORSE


def test_more_notifications_lost_are_worse() -> None:
    """The DLQ is the last that is asked."""
    week = digest(before=counted(3), dlq=DlqCounts(2, (), 0, 0), previous_dlq=1)
    _, why = week.course
    assert why is not None
    assert why.harm is Harm.DLQ


@given(st.dates(date(2015, 1, 1), date(2060, 1, 1)))
def test_a_buttons_number_names_a_week(day: date) -> None:
    """Read back it is the same week."""
    assert week_numbered(week_number(IsoWeek.of(day))) == IsoWeek.of(day)


def test_the_next_one_is_later_than_now() -> None:
    """At its hour the next digest is a week away, by the local clock; a moment before, it is due now."""
    zone = ZoneInfo("Europe/Berlin")  # its clocks went back on 25 October
    due = next_due(datetime(2026, 10, 20, tzinfo=UTC), weekday=0, at=time(18), zone=zone)
    assert due == datetime(2026, 10, 26, 17, tzinfo=UTC)
    assert next_due(due - timedelta(microseconds=1), weekday=0, at=time(18), zone=zone) == due
    assert next_due(due, weekday=0, at=time(18), zone=zone) == due + timedelta(days=7)

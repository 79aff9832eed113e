"""Weeks, when they are due, and their figures."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.digest import WeekFacts, mtta_s, mttr_s, summarise, week_due
from bot.domain.dlq import DlqCounts
from bot.domain.incident import transitions
from bot.domain.incident.incident import IncidentKind
from tests.unit.domain.incident.test_incident import PRIMARY, T0, incident

JST = ZoneInfo("Asia/Tokyo")
QUIET = WeekFacts((), DlqCounts(0, (), 0, 0))


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
    """Monday 18:00 on the wall, whatever the clocks do."""
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


def test_means_skip_what_did_not_happen() -> None:
    """MTTA over the acknowledged, MTTR over the resolved; None for none."""
    acked = transitions.acknowledge(
        incident(), by=PRIMARY, at=T0 + timedelta(seconds=120), already_responding=False, next_update_at=None
    )
    done = transitions.resolve(acked.incident, by=PRIMARY, at=T0 + timedelta(seconds=600))
    waiting = incident()
    assert (mtta_s([done, waiting]), mttr_s([done, waiting])) == (120.0, 600.0)
    assert (mtta_s([waiting]), mttr_s([])) == (None, None)


def test_summary_counts() -> None:
    """Every severity of the policy has a count; a resolved SEV1 owes a postmortem; the DLQ may be away."""
    done = transitions.resolve(incident(), by=PRIMARY, at=T0 + timedelta(minutes=20))
    digest = summarise(
        IsoWeek(2026, 48),
        WeekFacts((done,), None),
        before=QUIET,
        still_open=(),
        severities={"SEV1": True, "SEV2": True, "SEV3": False},
        now=T0 + timedelta(days=7),
    )
    assert digest.incidents == (("SEV1", 1), ("SEV2", 0), ("SEV3", 0))
    assert (digest.total, digest.previous_total, digest.dlq, digest.previous_dlq) == (1, 0, None, 0)
    assert (digest.missed, digest.postmortems_due) == ((done,), (done,))
    assert not digest.is_quiet


def test_what_is_no_incident_of_its_own_stands_apart() -> None:
    """False alarms, duplicates and alerts that nobody declared are told apart; drills are told nowhere."""
    real = transitions.resolve(incident(), by=PRIMARY, at=T0 + timedelta(minutes=20))
    false_alarm = transitions.cancel(incident(id=2), by=PRIMARY, at=T0 + timedelta(hours=9))
    duplicate = transitions.merge(incident(id=3), into=incident(id=4), by=PRIMARY, at=T0 + timedelta(hours=9))
    alert = incident(id=5, kind=IncidentKind.ALERT)
    drill = incident(id=6, is_drill=True)
    week = WeekFacts((real, false_alarm, duplicate, alert, drill), None)
    digest = summarise(
        IsoWeek(2026, 48),
        week,
        before=week,
        still_open=(alert, drill),
        severities={"SEV1": True},
        now=T0 + timedelta(days=7),
    )
    assert (digest.total, digest.previous_total, digest.incidents) == (1, 1, (("SEV1", 1),))
    assert (digest.false_alarms, digest.duplicates, digest.alerts) == (1, 1, 1)
    assert (digest.missed, digest.postmortems_due, digest.open) == ((real,), (real,), ())
    assert (digest.mttr_s, digest.mtta_s) == (20 * 60.0, None)


def test_a_week_of_a_false_alarm_is_not_quiet() -> None:
    """Somebody was rung."""
    false_alarm = WeekFacts((transitions.cancel(incident(), by=PRIMARY, at=T0),), DlqCounts(0, (), 0, 0))
    digest = summarise(
        IsoWeek(2026, 48), false_alarm, before=QUIET, still_open=(), severities={"SEV1": True}, now=T0
    )
    assert not digest.is_quiet


def test_quiet_week() -> None:
    """Nothing happened and nothing is owed."""
    digest = summarise(
        IsoWeek(2026, 48), QUIET, before=QUIET, still_open=(), severities={"SEV1": True}, now=T0
    )
    assert digest.is_quiet

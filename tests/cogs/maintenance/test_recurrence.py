"""When planned maintenance comes, as people type it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import monotonic, process_time
from zoneinfo import ZoneInfo

import pytest

from cogs.maintenance.recurrence import Recurrence, TooOften, UnreadableRule, read_recurrence
from cogs.maintenance.rules import MaintenancePlan, PolicyPlan

_AT_ONCE_S = 2.0  # of a machine that is busy
_BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "rule", "hours"),
    [
        ("毎週日曜 2:00", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0", None),
        ("毎週日曜日２：３０", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=30", None),
        ("毎週月曜日 3時30分", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=3;BYMINUTE=30", None),
        ("月・木 3時-4時", "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=3;BYMINUTE=0", 1),
        ("第1月曜 3:00", "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=3;BYMINUTE=0", None),
        ("最終金曜 22:00〜1:00", "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=22;BYMINUTE=0", 3),
        ("毎月1日 4:00", "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=4;BYMINUTE=0", None),
        ("平日 9-18", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0", 9),
        ("every sunday 02:00", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0", None),
        ("each Sunday 02:00", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0", None),
        ("each day 2:00", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0", None),
        ("mon-fri 9-18", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0", 9),
        ("every Friday to Monday at 2:00", "FREQ=WEEKLY;BYDAY=FR,SA,SU,MO;BYHOUR=2;BYMINUTE=0", None),
        ("月〜金 9-18", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0", 9),
        ("月-金 9-18", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0", 9),
        ("毎週月曜～金曜の9時〜18時", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0", 9),
        ("土曜日から日曜日 3:00", "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=3;BYMINUTE=0", None),
        ("Mon, Thu at 3:00", "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=3;BYMINUTE=0", None),
        ("first monday 03:00", "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=3;BYMINUTE=0", None),
        ("2nd tuesday of the month 3:00", "FREQ=MONTHLY;BYDAY=2TU;BYHOUR=3;BYMINUTE=0", None),
        ("weekdays 9-18", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0", 9),
        ("day 15 of the month 4:00", "FREQ=MONTHLY;BYMONTHDAY=15;BYHOUR=4;BYMINUTE=0", None),
        ("every day 2:00", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0", None),
        ("rrule:freq=weekly;byday=su;byhour=2", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2", None),
        ("FREQ=DAILY;BYHOUR=2;BYMINUTE=0,5", "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,5", None),
        ("FREQ=DAILY;BYHOUR=2;UNTIL=20261231T000000Z", "FREQ=DAILY;BYHOUR=2;UNTIL=20261231T000000Z", None),
    ],
)
def test_what_people_type(typed: str, rule: str, hours: int | None) -> None:
    """Words of both languages and an RRULE become a rule, and two times say how long it lasts."""
    found = read_recurrence(typed)
    assert (found.rule, found.lasts) == (rule, None if hours is None else timedelta(hours=hours))


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "sometime",
        "日曜 25:00",
        "FREQ=WEEKLY;BYDAY=SU",  # no time
        "FREQ=DAILY;BYHOUR=25",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=2",  # never
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=2",  # never, and slow to find out
        "FREQ=DAILY;BYMONTH=2;BYHOUR=2",  # as slow
        "FREQ=DAILY;INTERVAL=0;BYHOUR=2",
        "FREQ=DAILY;BYHOUR=2;UNTIL=20261131",  # no such day
        "FREQ=DAILY;BYHOUR=2;UNTIL=20261130T000000+0900",
        "FREQ=DAILY;BYHOUR=2;BYSETPOS=5",  # never, and slow to find out
        "FREQ=DAILY;BYHOUR=2;BYSETPOS=1",  # as slow
        "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2\nDTSTART:20260101",
        "毎週" + "日" * 200 + " 2:00",
        "日曜 2:00" * 100,
    ],
)
def test_what_is_no_rule(typed: str) -> None:
    """What cannot be read, or never comes, is refused at once."""
    with pytest.raises(UnreadableRule):
        read_recurrence(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;INTERVAL=8",
        "FREQ=DAILY;BYHOUR=2;BYSECOND=0,8,16",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,30",
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,4",
    ],
)
def test_what_comes_too_often(typed: str) -> None:
    """Ten thousand times a day is refused at once, as are two within five minutes."""
    began_s = monotonic()
    with pytest.raises(TooOften):
        read_recurrence(typed)
    assert monotonic() - began_s < _AT_ONCE_S


@pytest.mark.parametrize(
    "typed",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=2",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31;BYHOUR=2",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO;BYHOUR=" + ",".join(map(str, range(24))),
    ],
)
def test_what_never_comes_is_refused_at_once(typed: str) -> None:
    """A rule without any date is refused within the time limit, as the bot waits for the answer."""
    began_s = process_time()
    with pytest.raises(UnreadableRule):
        read_recurrence(typed)
    assert process_time() - began_s < 0.1


@pytest.mark.parametrize(
    "typed",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=2",
        "FREQ=YEARLY;INTERVAL=10;BYHOUR=2",
        "FREQ=MONTHLY;INTERVAL=100;BYHOUR=2",
        "FREQ=WEEKLY;INTERVAL=100;BYDAY=SU;BYHOUR=2",
        "FREQ=DAILY;INTERVAL=999;BYHOUR=2",
        "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR;BYHOUR=2",
    ],
)
def test_what_comes_seldom_is_a_rule(typed: str) -> None:
    """A rule of few days in a life is one."""
    assert read_recurrence(typed).rule == typed


def test_a_rule_without_an_end_goes_on() -> None:
    """Neither COUNT nor UNTIL is needed: it comes next year as it comes in ninety, found at once."""
    rule = read_recurrence("FREQ=WEEKLY;BYDAY=SU;BYHOUR=2")
    began_s, start = monotonic(), datetime(2026, 11, 24, tzinfo=UTC)
    for year in (2027, 2116):
        at = datetime(year, 1, 1, tzinfo=UTC)
        found = next(rule.after(at, first_at=start, zone=_BERLIN))
        assert (found.weekday(), found.hour, found - at < timedelta(days=7)) == (6, 2, True)
    assert monotonic() - began_s < _AT_ONCE_S


def test_a_rule_with_an_end_ends() -> None:
    """What comes three times comes three times, and never again."""
    start = datetime(2026, 11, 24, tzinfo=UTC)
    rule = read_recurrence("FREQ=DAILY;BYHOUR=2;COUNT=3")
    assert len(list(rule.after(start, first_at=start, zone=_BERLIN))) == 3


def test_the_wall_time_stays_over_a_change_of_the_clocks() -> None:
    """2:30 is 2:30 in summer and in winter; on the night that skips it, it is 3:30."""
    start = datetime(2027, 3, 13, tzinfo=UTC)
    sundays = read_recurrence("every sunday 02:30").after(start, first_at=start, zone=_BERLIN)
    assert [f"{one:%m-%d %H:%M %z}" for one in islice(sundays, 3)] == [
        "03-14 02:30 +0100",
        "03-21 02:30 +0100",
        "03-28 03:30 +0200",
    ]


def test_a_time_that_was_put_off_by_a_change_of_the_clocks_still_comes() -> None:
    """At 3:10 of that night, ten minutes after the clocks have changed, the one of 2:30 is to come."""
    start, night = datetime(2027, 3, 13, tzinfo=UTC), datetime(2027, 3, 28, 3, 10, tzinfo=_BERLIN)
    coming = next(read_recurrence("every sunday 02:30").after(night, first_at=start, zone=_BERLIN))
    assert f"{coming:%m-%d %H:%M}" == "03-28 03:30"


def test_a_rule_counts_from_the_day_that_it_is_in_the_zone() -> None:
    """Every other Monday counts from the Monday that has begun in Tokyo, and begins with a whole minute."""
    first = datetime(2026, 12, 6, 20, 0, 37, tzinfo=UTC)
    rule = Recurrence("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=6;BYMINUTE=0")
    coming = islice(rule.after(first, first_at=first, zone=ZoneInfo("Asia/Tokyo")), 2)
    assert [f"{one:%m-%d %H:%M:%S}" for one in coming] == ["12-07 06:00:00", "12-21 06:00:00"]


def test_a_plan_for_once_comes_once() -> None:
    """It is to come until it begins."""
    at = datetime(2026, 12, 6, 2, tzinfo=UTC)
    plan = MaintenancePlan(1, 7, "api", "", "12/6 2:00", "", at, 3600, 1, "primary")
    assert plan.after(at - timedelta(seconds=1), _BERLIN) == [at]
    assert plan.after(at, _BERLIN) == []


def test_entries_of_the_policy_that_differ_are_different_plans() -> None:
    """A skip of one is kept only while all that the file says of it stays."""
    one = PolicyPlan("api", "every sunday 02:00", timedelta(hours=1), "backup")
    others = (
        replace(one, target="db"),
        replace(one, said="every monday 02:00"),
        replace(one, lasts=timedelta(hours=2)),
        replace(one, reason="deploy"),
    )
    tokyo = ZoneInfo("Asia/Tokyo")
    assert len({other.source_in(tokyo) for other in (one, *others)} | {one.source_in(_BERLIN)}) == 6
    assert replace(one, target="API").source_in(tokyo) == one.source_in(tokyo)

"""Which shifts an absence touches, who is fairest to take one, and the dates that people type."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import UserError
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.oncall.rotation import Layer, Roster, Rotation, Shift, Unit
from bot.runbook import load_policy
from cogs.absence.rules import LONGEST, AwayShift, NewAwayShift, away_shifts, fairest, parse_absence

TOKYO = ZoneInfo("Asia/Tokyo")
HOURS = load_policy(None).business_hours
NOW = datetime(2026, 12, 3, 9, tzinfo=TOKYO)  # a Thursday
MONDAY = datetime(2026, 12, 7, 10, tzinfo=TOKYO)
PEOPLE = {name: OnCallPerson(handle=name, name=name) for name in ("ai", "ben", "cho", "dan")}


def rosters(*overrides: Shift) -> Rosters:
    """Ai, Ben and Cho take turns of a week from Monday 10:00, and it is Cho's; Dan is the second place."""
    turns = Rotation(("ben", "cho", "ai"), 1, Unit.WEEKS, date(2026, 11, 2), time(10), TOKYO)
    primary = Roster("cho", HOURS, [Layer(turns)], overrides)
    return Rosters({"primary": primary, "secondary": Roster("dan", HOURS)}, PEOPLE)


def away(name: str, starts: datetime, ends: datetime, number: int = 1) -> TimeAway:
    """The absence of a person."""
    return TimeAway(Who(None, name, name), starts, ends, id=number)


def asked(known: Rosters, absences: list[TimeAway], ends: datetime, *, now: datetime = NOW) -> str | None:
    """Who is fairest to be primary from Monday on."""
    return fairest(known, absences, NewAwayShift(1, "primary", "ai", MONDAY, ends), now=now)


def test_only_the_part_of_a_shift_in_which_its_person_is_away_is_found() -> None:
    """Ai is away from Tuesday on, through the end of the shift; the shift of Ben is none of theirs."""
    gone = away("ai", MONDAY + timedelta(days=1), MONDAY + timedelta(days=12))
    [found] = away_shifts(rosters(), [gone], now=NOW, ahead=timedelta(days=7))
    assert (found.place, found.handle) == ("primary", "ai")
    assert (found.starts, found.ends) == (MONDAY + timedelta(days=1), MONDAY + timedelta(days=7))


def test_a_shift_is_found_no_sooner_than_the_policy_says() -> None:
    """A week before it begins it is told, a moment earlier it is not."""
    gone = away("ai", MONDAY - timedelta(days=1), MONDAY + timedelta(days=3))
    week = timedelta(days=7)
    early, due = (MONDAY - week, MONDAY - week + timedelta(seconds=1))
    assert list(away_shifts(rosters(), [gone], now=early, ahead=week)) == []
    assert len(list(away_shifts(rosters(), [gone], now=due, ahead=week))) == 1


def test_a_shift_that_another_person_has_is_not_found() -> None:
    """After an override there is nobody to look for."""
    gone = away("ai", MONDAY, MONDAY + timedelta(days=3))
    covered = rosters(Shift("ben", MONDAY, MONDAY + timedelta(days=3)))
    assert list(away_shifts(covered, [gone], now=NOW, ahead=timedelta(days=7))) == []


def test_the_person_with_the_fewest_hours_is_fairest() -> None:
    """Ben has a day less than Cho, and with an override more than Cho; a person who is away never is."""
    ends = MONDAY + timedelta(days=2)
    gone = [away("ai", MONDAY, ends)]
    assert asked(rosters(), gone, ends) == "ben"
    busy = rosters(Shift("ben", NOW - timedelta(days=20), NOW - timedelta(days=3)))
    assert asked(busy, gone, ends) == "cho"
    both = [*gone, away("ben", MONDAY, ends, 2)]
    assert asked(rosters(), both, ends) == "cho"
    all_three = [*both, away("cho", MONDAY, ends, 3)]
    assert asked(rosters(), all_three, ends) is None


def test_a_shift_that_is_over_is_not_looked_for() -> None:
    """The absence goes on, the shift does not."""
    gone = away("ai", MONDAY, MONDAY + timedelta(days=30))
    after = MONDAY + timedelta(days=7)
    assert list(away_shifts(rosters(), [gone], now=after - timedelta(seconds=1), ahead=timedelta(days=7)))
    assert list(away_shifts(rosters(), [gone], now=after, ahead=timedelta(days=7))) == []


def test_who_was_on_call_or_away_at_another_time_is_free() -> None:
    """Of a shift that has begun only the rest counts, and an absence counts while it lasts."""
    ends, now = MONDAY + timedelta(days=2), MONDAY + timedelta(days=1)
    until_now = rosters(Shift("ben", MONDAY, now))
    gone = [away("ai", MONDAY, ends), away("cho", MONDAY, ends, 2)]
    assert asked(until_now, gone, ends, now=now) == "ben"
    later = [*gone, away("ben", ends, ends + timedelta(days=2), 3)]
    assert asked(rosters(), later, ends) == "ben"


def test_who_takes_turns_at_the_place_is_asked_before_all_others() -> None:
    """Eve, who was never on call, is asked only if none of those who take turns is free."""
    ends = MONDAY + timedelta(days=2)
    known = replace(rosters(), people=PEOPLE | {"eve": OnCallPerson(handle="eve", name="eve")})
    gone = [away("ai", MONDAY, ends), away("ben", MONDAY, ends, 2)]
    assert asked(known, gone, ends) == "cho"
    gone.append(away("cho", MONDAY, ends, 3))
    assert asked(known, gone, ends) == "eve"


def test_a_shift_waits_until_it_is_taken_or_the_absence_withdrawn() -> None:
    """Neither can be taken any more."""
    shift = AwayShift(1, "primary", "ai", MONDAY, MONDAY + timedelta(days=1))
    assert shift.waits
    assert not replace(shift, is_void=True).waits
    assert not replace(shift, taken_by_name="ben").waits


def test_a_span_counts_from_the_start_or_from_now() -> None:
    """A span such as "3d" counts from the start, or from now if that is over; 90 days are allowed."""
    assert parse_absence("12/28 13:00", "3d", now=NOW)[1] == datetime(2026, 12, 31, 13, tzinfo=TOKYO)
    assert parse_absence("12/1 9:00", "3d", now=NOW)[1] == NOW + timedelta(days=3)
    starts, ends = parse_absence("12/28 13:00", "90d", now=NOW)
    assert ends - starts == LONGEST


def test_dates_are_whole_days_and_times_are_exact() -> None:
    """The last day belongs to the absence; with a time it ends then."""
    assert parse_absence("12/28", "1/4", now=NOW) == (
        datetime(2026, 12, 28, tzinfo=TOKYO),
        datetime(2027, 1, 5, tzinfo=TOKYO),
    )
    assert parse_absence("12/28 13:00", "12/28 18:00", now=NOW) == (
        datetime(2026, 12, 28, 13, tzinfo=TOKYO),
        datetime(2026, 12, 28, 18, tzinfo=TOKYO),
    )


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("8/10", "8/16", 7),
        ("5/28", "6/5", 9),
        ("6/10", "6/12", 3),
        ("2027-08-10", "8/16", 7),
        ("8/10 0:00", "8/12 0:00", 2),
        ("8/10 0:00", "12h", 0.5),
        ("8/10 0:00", "12:00", 0.5),
    ],
)
def test_dates_that_are_over_are_next_years(start: str, end: str, days: float) -> None:
    """A summer's absence that is recorded in December, without a year, or with one at its start alone."""
    starts, ends = parse_absence(start, end, now=NOW)
    assert starts.year == 2027
    assert ends - starts == timedelta(days=days)


@pytest.mark.parametrize(
    ("start", "end", "key"),
    [
        ("12/28", "12/20", "absence_ends_early"),
        ("2026-11-20", "12/2", "absence_ends_early"),
        ("12/28", "4/28", "absence_too_long"),
        ("soon", "12/28", "oncall_moment_unreadable"),
        ("12/28", "99/99", "oncall_moment_unreadable"),
    ],
)
def test_what_is_no_absence_is_refused(start: str, end: str, key: str) -> None:
    """Each refusal says what is wrong."""
    with pytest.raises(UserError) as refused:
        parse_absence(start, end, now=NOW)
    assert refused.value.key == key

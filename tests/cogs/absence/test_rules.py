"""Which shifts an absence touches, who is fairest to take one, and the dates that people type."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import UserError
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.oncall.rotation import Layer, Roster, Rotation, Shift, Unit
from bot.runbook import load_policy
from cogs.absence.rules import away_shifts, fairest, parse_absence

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
    assert fairest(rosters(), gone, "primary", MONDAY, ends, now=NOW) == "ben"
    busy = rosters(Shift("ben", NOW - timedelta(days=20), NOW - timedelta(days=3)))
    assert fairest(busy, gone, "primary", MONDAY, ends, now=NOW) == "cho"
    both = [*gone, away("ben", MONDAY, ends, 2)]
    assert fairest(rosters(), both, "primary", MONDAY, ends, now=NOW) == "cho"
    all_three = [*both, away("cho", MONDAY, ends, 3)]
    assert fairest(rosters(), all_three, "primary", MONDAY, ends, now=NOW) is None


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
    ("start", "end", "key"),
    [
        ("12/28", "12/20", "absence_ends_early"),
        ("11/20", "12/2", "absence_ends_early"),
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

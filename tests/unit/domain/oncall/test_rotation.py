"""Who is on call: turns, layers, overrides, and what the clocks do to them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.calendar.business_time import WORKING_WEEK, BusinessHours
from bot.domain.oncall.rotation import Applies, Layer, Roster, Rotation, Shift, Unit

TOKYO = ZoneInfo("Asia/Tokyo")
ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
HOURS = BusinessHours(
    timezone=TOKYO,
    starts=time(10),
    ends=time(19),
    triage_by=time(11),
    days=WORKING_WEEK,
    holidays={date(2026, 11, 23)},
)
MONDAY = date(2026, 11, 16)
WEEKLY = Rotation(("ai", "ben", "chika"), 1, Unit.WEEKS, MONDAY, time(10), TOKYO)


def tokyo(text: str) -> datetime:
    """That local time in Japan."""
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("at", "person"),
    [
        ("2026-11-16 10:00", "ai"),
        ("2026-11-23 09:59", "ai"),  # a holiday, and still her turn until the handover
        ("2026-11-23 10:00", "ben"),
        ("2026-11-30 10:00", "chika"),
        ("2026-12-07 10:00", "ai"),
    ],
)
def test_turns_go_round(at: str, person: str) -> None:
    """In a weekly rotation each person has a week, handed over on Monday at 10:00, also on a holiday."""
    assert WEEKLY.person_at(tokyo(at)) == person


def test_nobody_before_the_first_turn() -> None:
    """Before a rotation begins it has no person, and the roster uses its default."""
    early = tokyo("2026-11-16 09:59")
    assert WEEKLY.person_at(early) is None
    assert Roster("solo", HOURS, [Layer(WEEKLY)]).person_at(early) == "solo"


def test_one_person_for_everything() -> None:
    """The first user's team: no layers, no gaps."""
    start, end = tokyo("2026-11-16 00:00"), tokyo("2027-11-16 00:00")
    assert Roster("solo", HOURS).shifts(start, end) == [Shift("solo", start, end)]


def test_handover_stays_local_across_a_dst_change() -> None:
    """10:00 in summer time, then 10:00 in winter time: that week has 169 hours."""
    berlin = ZoneInfo("Europe/Berlin")
    turns = Rotation(("ai", "ben"), 1, Unit.WEEKS, date(2026, 10, 19), time(10), berlin)
    assert turns.begins(1) - turns.begins(0) == timedelta(days=7, hours=1)
    assert {turns.begins(n).astimezone(berlin).time() for n in range(4)} == {time(10)}


@pytest.mark.parametrize("every", [1, 2, 3, 4, 6, 8, 12, 24])
def test_hours_that_divide_a_day_hand_over_at_local_times(every: int) -> None:
    """Turns of hours that divide a day hand over at the same local times all year.

    Only the turn in which the clocks change is an hour shorter or longer.
    """
    berlin = ZoneInfo("Europe/Berlin")
    turns = Rotation(("ai", "ben"), every, Unit.HOURS, date(2026, 3, 1), time(10), berlin)
    begins = [turns.begins(n) for n in range(365 * 24 // every)]
    skipped = datetime(2026, 3, 29, 3, tzinfo=berlin)  # there is no 02:00 on that day
    local = {at.astimezone(berlin).time() for at in begins if at != skipped}
    assert local == {time((10 + n) % 24) for n in range(0, 24, every)}
    hours = sorted((later - earlier) / timedelta(hours=1) for earlier, later in pairwise(begins))
    assert (hours[0], hours[-1], set(hours[1:-1])) == (every - 1, every + 1, {every})


@pytest.mark.parametrize("day", [date(2026, 3, 24), date(2026, 10, 20)])
@pytest.mark.parametrize("every", [5, 7, 10, 36, 48])
def test_other_hours_are_hours(every: int, day: date) -> None:
    """Turns of hours that do not divide a day keep their exact length when the clocks change."""
    turns = Rotation(("ai", "ben"), every, Unit.HOURS, day, time(8), ZoneInfo("Europe/Berlin"))
    begins = [turns.begins(n) for n in range(60)]
    assert {later - earlier for earlier, later in pairwise(begins)} == {timedelta(hours=every)}
    assert [turns.turn_at(at) for at in begins] == [*range(60)]
    assert [turns.turn_at(at - timedelta(seconds=1)) for at in begins[1:]] == [*range(59)]


def test_a_day_in_hours_is_a_day() -> None:
    """A turn of 24h, a turn of 1d and every second turn of 12h begin at the same time, even across DST."""
    zone = ZoneInfo("America/New_York")
    day, hours, halves = (
        Rotation(("ai",), every, unit, date(2026, 1, 1), time(2, 30), zone)
        for every, unit in ((1, Unit.DAYS), (24, Unit.HOURS), (12, Unit.HOURS))
    )
    for turn in range(400):
        assert day.begins(turn) == hours.begins(turn) == halves.begins(2 * turn)


def test_a_layer_for_the_nights_and_holidays() -> None:
    """Business hours follow one rotation; nights, weekends and 勤労感謝の日 another."""
    night = Rotation(("night",), 1, Unit.DAYS, MONDAY, time(0), TOKYO)
    roster = Roster("solo", HOURS, [Layer(WEEKLY), Layer(night, Applies.OFF_HOURS)])
    assert roster.person_at(tokyo("2026-11-17 10:00")) == "ai"
    assert roster.person_at(tokyo("2026-11-17 19:00")) == "night"
    assert roster.person_at(tokyo("2026-11-23 12:00")) == "night"
    day = roster.shifts(tokyo("2026-11-17 00:00"), tokyo("2026-11-18 00:00"))
    assert [(shift.person, shift.starts.astimezone(TOKYO).hour) for shift in day] == [
        ("night", 0),
        ("ai", 10),
        ("night", 19),
    ]


def test_override_goes_over_everything_and_the_later_one_wins() -> None:
    """An override replaces the rotation, and a later override the earlier one."""
    day = tokyo("2026-11-18 00:00")
    overrides = [
        Shift("ben", day, day + timedelta(days=1)),
        Shift("chika", day + timedelta(hours=23), day + timedelta(days=1)),
    ]
    roster = Roster("solo", HOURS, [Layer(WEEKLY)], overrides)
    shifts = roster.shifts(day - timedelta(hours=2), day + timedelta(days=1, hours=2))
    assert [shift.person for shift in shifts] == ["ai", "ben", "chika", "ai"]


rotations = st.builds(
    Rotation,
    people=st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map(tuple),
    every=st.integers(1, 14),
    unit=st.sampled_from(Unit),
    starts_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    handover=st.times().map(lambda at: at.replace(microsecond=0, tzinfo=None)),
    timezone=st.sampled_from(ZONES).map(ZoneInfo),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(rotations, moments)
def test_a_turn_holds_the_moment_it_was_found_for(rotation: Rotation, at: datetime) -> None:
    """The turn found for a moment holds that moment: begins(n) <= at < begins(n + 1).

    A moment without a turn is before the first turn. Both are true in any zone.
    """
    turn = rotation.turn_at(at)
    if turn is None:
        assert at < rotation.begins(0)
    else:
        assert rotation.begins(turn) <= at < rotation.begins(turn + 1)


# Half an hour, two hours, summer time in the south, none, a zone that once skipped a day.
CLOCKS = (*ZONES, "Antarctica/Troll", "America/Santiago", "Africa/Casablanca", "Europe/London")


@given(
    st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]),
    st.dates(date(2009, 1, 1), date(2036, 12, 31)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None)),
    st.sampled_from(CLOCKS).map(ZoneInfo),
    st.datetimes(datetime(2011, 1, 1), datetime(2037, 11, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 3),
)
@example(1, date(2011, 1, 1), time(10, 30), ZoneInfo("Pacific/Apia"), datetime(2011, 12, 29, tzinfo=UTC), 0)
@example(1, date(2026, 1, 1), time(0), ZoneInfo("Antarctica/Troll"), datetime(2026, 3, 28, tzinfo=UTC), 0)
@example(2, date(2026, 1, 1), time(1, 30), ZoneInfo("Europe/London"), datetime(2026, 10, 24, tzinfo=UTC), 0)
def test_hours_keep_to_the_clocks_without_gap_or_overlap(
    every: int, starts_on: date, handover: time, zone: ZoneInfo, start: datetime, people: int
) -> None:
    """Over any three days, each moment has one turn, without gap or overlap.

    Each turn begins at its local time, unless the clocks skip that time.
    """
    names = tuple("abcd"[: people + 1])
    rotation = Rotation(names, every, Unit.HOURS, starts_on, handover, zone)
    allowed = {(handover.hour + n) % 24 for n in range(0, 24, every)}
    at = start = max(start, rotation.begins(0))
    turn = rotation.turn_at(at)
    assert turn is not None
    while at < start + timedelta(days=3):
        begins, ends = rotation.begins(turn), rotation.begins(turn + 1)
        assert begins <= ends
        for moment in (begins, begins + (ends - begins) / 2, ends - timedelta(microseconds=1)):
            assert begins == ends or rotation.turn_at(moment) == turn
        local, wanted = ends.astimezone(zone), (handover.hour + (turn + 1) * every) % 24
        is_kept = (local.hour, local.minute) == (wanted, handover.minute) and not local.fold
        assert is_kept or skips(zone, before=ends)
        assert wanted in allowed
        turn, at = turn + 1, max(at, ends)


def skips(zone: ZoneInfo, *, before: datetime) -> bool:
    """Whether the clocks went forward within a day before."""
    day_ago = (before - timedelta(days=1, minutes=1)).astimezone(zone).utcoffset()
    offset = before.astimezone(zone).utcoffset()
    return day_ago is not None and offset is not None and day_ago < offset


@given(
    st.lists(st.builds(Layer, rotations, st.sampled_from(Applies)), max_size=3),
    st.lists(st.tuples(moments, st.integers(1, 400)), max_size=3),
    moments,
    st.integers(1, 500),
)
def test_shifts_have_no_gap_and_say_what_person_at_says(
    layers: list[Layer], stand_ins: list[tuple[datetime, int]], start: datetime, hours: int
) -> None:
    """The shifts of a roster cover the whole window and change person at each edge.

    At any moment the shifts name the same person as `person_at`.
    """
    overrides = [Shift("x", at, at + timedelta(hours=length)) for at, length in stand_ins]
    roster, end = Roster("solo", HOURS, layers, overrides), start + timedelta(hours=hours)
    shifts = roster.shifts(start, end)
    assert (shifts[0].starts, shifts[-1].ends) == (start, end)
    for earlier, later in pairwise(shifts):
        assert earlier.ends == later.starts
        assert earlier.person != later.person
    for shift in shifts:
        middle = shift.starts + (shift.ends - shift.starts) / 2
        for at in (shift.starts, middle, shift.ends - timedelta(microseconds=1)):
            assert roster.person_at(at) == shift.person


@pytest.mark.parametrize(
    ("now", "handover", "starts_on"),
    [
        ("2026-12-02 15:00", time(10), date(2026, 11, 30)),  # a Wednesday
        ("2026-11-30 09:59", time(10), date(2026, 11, 23)),
        ("2026-11-30 10:00", time(10), date(2026, 11, 30)),
        ("2026-12-06 23:00", time(18), date(2026, 11, 30)),
    ],
)
def test_a_rotation_begins_with_its_last_handover(now: str, handover: time, starts_on: date) -> None:
    """Turns with a Monday handover are counted from the last one, on whatever day they are set."""
    at = datetime.fromisoformat(now).replace(tzinfo=TOKYO)
    for every in (1, 2):
        new = Rotation(("c", "a", "b"), every, Unit.WEEKS, date(2024, 1, 3), handover, TOKYO)
        begun = new.begun(at, weekday=0)
        assert begun == replace(new, starts_on=starts_on)
        assert begun.person_at(at) == "c"
    daily = Rotation(("c", "a"), 1, Unit.DAYS, date(2024, 1, 1), handover, TOKYO).begun(at)
    assert timedelta() <= at - daily.begins(0) < timedelta(days=1)

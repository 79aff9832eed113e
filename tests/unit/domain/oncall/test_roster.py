"""Show who is on call: by the policy, by schedules set in chat, and by overrides, which win."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar.business_time import WORKING_WEEK, BusinessHours
from bot.domain.oncall.book import Book, Content, StoredOverride, StoredSchedule, rosters
from bot.domain.oncall.people import OnCallPerson, Who, id_of
from bot.domain.oncall.rotation import Applies, Layer, Rotation, Shift, Unit
from bot.domain.people import Person

TOKYO = ZoneInfo("Asia/Tokyo")
ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
HOURS = BusinessHours(TOKYO, time(10), time(19), time(11), WORKING_WEEK, {date(2026, 11, 23)})
NOW = datetime(2026, 11, 25, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AI = OnCallPerson("ai_01", "ai", "ai@example.com")
BEN = OnCallPerson("123456789012345678", "ben", None, 123456789012345678)


def override(number: int, who: Who, starts: datetime, ends: datetime, **more: datetime) -> StoredOverride:
    """One at primary."""
    return StoredOverride(
        number, "primary", who, starts, ends, "", is_swap=False, by_id=1, by_name="x", at=NOW, **more
    )


def schedule(number: int, content: Content, starts: datetime, **more: datetime) -> StoredSchedule:
    """One at primary."""
    return StoredSchedule(number, "primary", content, "x", starts, **more)


def person(name: str) -> Content:
    """That person, until further notice."""
    return Content({name: Who(None, name, name)}, person=name)


def standing(book: Book, at: datetime = NOW, layers: tuple[Layer, ...] = ()) -> str:
    """Return the handle of the primary at that time."""
    found = rosters({"primary": (AI, layers)}, [AI, BEN], book, hours=HOURS)
    return found.at(at)["primary"].handle


def test_overrides_go_over_what_was_set_and_that_goes_over_the_policy() -> None:
    """An override wins over a schedule set in chat, which wins over the policy.

    An entry that is over no longer counts. With no entries at all the policy's person is on call.
    """
    layer = Layer(Rotation(("layer",), 1, Unit.DAYS, date(2026, 1, 1), time(0), TOKYO))
    people = [OnCallPerson("layer", "layer")]
    set_from_chat = schedule(1, person("chat"), NOW - HOUR, ended_at=NOW + 5 * HOUR)
    stands_in = override(1, Who(7, "dan", "Dan"), NOW, NOW + 2 * HOUR)
    book = Book([stands_in], [set_from_chat])
    found = rosters({"primary": (AI, [layer])}, [AI, BEN, *people], book, hours=HOURS)
    told = [found.at(NOW + hours * HOUR)["primary"].handle for hours in (-2, -1, 0, 1, 2, 5)]
    assert told == ["layer", "chat", "7", "7", "chat", "layer"]
    assert standing(Book()) == "ai_01"


def test_the_schedule_that_was_put_into_force_last_counts() -> None:
    """A schedule is in force until a later one is put into force."""
    book = Book((), [schedule(1, person("x"), NOW - 2 * HOUR), schedule(2, person("y"), NOW - HOUR)])
    assert (standing(book, NOW - 1.5 * HOUR), standing(book)) == ("x", "y")


def test_imported_shifts_count_only_where_they_are() -> None:
    """Imported shifts apply only in their own hours; of two at once, the later one wins."""
    people = {name: Who(None, name, name) for name in ("x", "y")}
    shifts = (Shift("x", NOW, NOW + 4 * HOUR), Shift("y", NOW + HOUR, NOW + 2 * HOUR))
    book = Book((), [schedule(1, Content(people, shifts=shifts), NOW - HOUR)])
    told = [standing(book, NOW + hours * HOUR) for hours in (-0.5, 0.5, 1.5, 3, 4)]
    assert told == ["ai_01", "x", "y", "x", "ai_01"]


def test_an_override_that_was_taken_back_counts_until_then() -> None:
    """One that had not begun never does."""
    who = Who(7, "dan", "Dan")
    ended = override(1, who, NOW, NOW + 4 * HOUR, ended_at=NOW + HOUR)
    never = override(2, who, NOW + 2 * HOUR, NOW + 4 * HOUR, ended_at=NOW + HOUR)
    book = Book([ended, never])
    told = [standing(book, NOW + hours * HOUR) for hours in (0, 1, 3)]
    assert told == ["7", "ai_01", "ai_01"]


@pytest.mark.parametrize(
    ("who", "handle"),
    [
        (Who(42, "AI_01", "Ai"), "ai_01"),
        (Who(123456789012345678, "renamed", "Ben"), "123456789012345678"),
        (Who(42, "stranger", "ai"), "42"),
    ],
)
def test_somebody_from_chat_is_the_policys_own_person_where_they_are_the_same(who: Who, handle: str) -> None:
    """A person from chat is the policy's person if the id or the username is the same.

    The same display name is not enough, because anybody can take it.
    """
    book = Book([override(1, who, NOW, NOW + HOUR)])
    assert standing(book) == handle


def test_the_policys_person_keeps_their_email_and_gains_their_id() -> None:
    """An override by a member gives the policy's person their id, so that they are found without a search.

    The policy's email of that person stays, and the id decides who they are, not the user name.
    """
    book = Book([override(1, Who(42, "ai_01", "Ai"), NOW, NOW + HOUR)])
    found = rosters({"primary": (BEN, ())}, [AI, BEN], book, hours=HOURS)
    assert found.at(NOW)["primary"] == OnCallPerson("ai_01", "ai", "ai@example.com", 42)
    assert found.at(NOW)["primary"].is_for(Person(id=42, name="x"))
    assert not found.at(NOW)["primary"].is_for(Person(id=43, name="x", username="ai_01"))


def test_a_place_that_the_policy_does_not_know_is_passed_over() -> None:
    """A schedule for a place that the policy no longer knows is passed over."""
    other = StoredSchedule(1, "tertiary", person("x"), "x", NOW - HOUR)
    found = rosters({"primary": (AI, ())}, [AI], Book((), [other]), hours=HOURS)
    assert list(found.at(NOW)) == ["primary"]


@pytest.mark.parametrize(
    ("handle", "number"), [("123456789012345678", 123456789012345678), ("1234", None), ("ai", None)]
)
def test_a_handle_is_an_id_when_it_is_long_enough(handle: str, number: int | None) -> None:
    """A handle of 17 or more digits is an id; fewer digits, or letters, are a user name."""
    assert id_of(handle) == number


def test_turns_on_the_31st_and_at_new_year() -> None:
    """Daily turns alternate as on any other day at the end of a month, at New Year and on 29 February."""
    turns = Rotation(("x", "y"), 1, Unit.DAYS, date(2026, 12, 30), time(10), TOKYO)
    told = [
        turns.person_at(datetime(2026, 12, 30, 10, tzinfo=TOKYO) + timedelta(days=days)) for days in range(4)
    ]
    assert told == ["x", "y", "x", "y"]
    leap = Rotation(("x", "y"), 1, Unit.DAYS, date(2028, 2, 28), time(10), TOKYO)
    told = [
        leap.person_at(datetime(2028, 2, 28, 10, tzinfo=TOKYO) + timedelta(days=days)) for days in range(3)
    ]
    assert told == ["x", "y", "x"]


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 30), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.integers(1, 400).map(lambda hours: timedelta(hours=hours))
rotations = st.builds(
    Rotation,
    people=st.lists(st.sampled_from(("ai_01", "x", "y")), min_size=1, max_size=4).map(tuple),
    every=st.integers(1, 14),
    unit=st.sampled_from(Unit),
    starts_on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    handover=st.times().map(lambda at: at.replace(microsecond=0, tzinfo=None)),
    timezone=st.sampled_from(ZONES).map(ZoneInfo),
)
PEOPLE = {name: Who(None, name, name) for name in ("ai_01", "x", "y")}
contents = st.one_of(
    st.sampled_from(("x", "y")).map(lambda name: Content(PEOPLE, person=name)),
    rotations.map(lambda turns: Content(PEOPLE, rotation=turns)),
    st.lists(st.tuples(st.sampled_from(("x", "y")), moments, spans), max_size=4).map(
        lambda shifts: Content(
            PEOPLE,
            shifts=tuple(
                sorted(
                    (Shift(who, at, at + span) for who, at, span in shifts), key=lambda shift: shift.starts
                )
            ),
        )
    ),
)


@given(
    st.lists(st.builds(Layer, rotations, st.sampled_from(Applies)), max_size=2),
    st.lists(st.tuples(contents, moments, st.one_of(st.none(), spans)), max_size=3),
    st.lists(st.tuples(st.sampled_from(("x", "y")), moments, spans), max_size=3),
    moments,
    st.integers(1, 500),
)
def test_shifts_leave_no_gap_and_neighbours_differ(
    layers: list[Layer],
    schedules: list[tuple[Content, datetime, timedelta | None]],
    stand_ins: list[tuple[str, datetime, timedelta]],
    start: datetime,
    hours: int,
) -> None:
    """Whatever is scheduled, the shifts cover the whole window, and neighbours are different persons.

    Each shift names the person who is on call at any of its moments, and the changes are where shifts begin.
    """
    book = Book(
        [
            override(number, PEOPLE[name], at, at + span)
            for number, (name, at, span) in enumerate(stand_ins, 1)
        ],
        [
            StoredSchedule(number, "primary", content, "x", at, None if span is None else at + span)
            for number, (content, at, span) in enumerate(schedules, 1)
        ],
    )
    known = [AI, *(OnCallPerson(name, name) for name in ("x", "y"))]
    found = rosters({"primary": (AI, layers)}, known, book, hours=HOURS)
    roster, end = found.places["primary"], start + timedelta(hours=hours)
    shifts = roster.shifts(start, end)
    assert (shifts[0].starts, shifts[-1].ends) == (start, end)
    for earlier, later in pairwise(shifts):
        assert earlier.ends == later.starts
        assert earlier.person != later.person
    for shift in shifts:
        for at in (
            shift.starts,
            shift.starts + (shift.ends - shift.starts) / 2,
            shift.ends - timedelta.resolution,
        ):
            assert roster.person_at(at) == shift.person
    assert found.changes(start, end) == [shift.starts for shift in shifts[1:]]

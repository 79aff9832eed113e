"""What put a person on call: the entry that won, since when and until when, and who recorded it."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.oncall.book import Book, Content, Rosters, StoredOverride, rosters
from bot.domain.oncall.people import Duty, DutyKind, OnCallPerson, Who
from bot.domain.oncall.rotation import Applies, Layer, Rotation, Shift, Unit
from tests.unit.domain.oncall.test_roster import AI, BEN, HOUR, HOURS, NOW, override, person, schedule

TOKYO = ZoneInfo("Asia/Tokyo")
DAN = Who(7, "dan", "Dan")
#: A day each from 10:00 JST, which is `NOW`.
DAILY = Rotation(("ai_01", "123456789012345678"), 1, Unit.DAYS, date(2026, 11, 25), time(10), TOKYO)
DAY = timedelta(days=1)
EMPTY = Book()


def roster(book: Book, layers: tuple[Layer, ...] = ()) -> Rosters:
    """One place on that policy."""
    return rosters({"primary": (AI, layers)}, [AI, BEN], book, hours=HOURS)


def duty(book: Book = EMPTY, at: datetime = NOW, layers: tuple[Layer, ...] = ()) -> Duty:
    """What puts primary there."""
    found = roster(book, layers).at(at)["primary"]
    assert found.duty is not None
    assert found.duty.who == found.handle
    return found.duty


def test_without_any_entry_it_is_the_policys_person() -> None:
    """Without any entry in the roster, the policy's person is always on call."""
    assert duty() == Duty(kind=DutyKind.ALWAYS, who="ai_01")


def test_a_layer_says_its_number_and_its_turn() -> None:
    """A duty by layers tells the layer's number, when it applies, and its turn; of two, the last counts."""
    layers = (Layer(replace(DAILY, people=("x",))), Layer(DAILY, Applies.OFF_HOURS))
    known = rosters({"primary": (AI, layers)}, [AI, BEN, OnCallPerson("x", "x")], Book(), hours=HOURS)
    by_day, by_night = (known.at(NOW + hours * HOUR)["primary"].duty for hours in (1, 10))
    turn = Duty(kind=DutyKind.LAYER, who="x", since=NOW, until=NOW + DAY, layer=1, applies="always")
    assert by_day == turn
    assert by_night == replace(turn, who="ai_01", layer=2, applies="off_hours")


def test_a_stand_in_is_named_with_the_person_they_replace_and_who_recorded_it() -> None:
    """The end is the planned one, as long as it is not taken back."""
    book = Book([override(1, DAN, NOW - HOUR, NOW + 8 * HOUR)])
    expected = Duty(
        kind=DutyKind.OVERRIDE,
        who="7",
        since=NOW - HOUR,
        until=NOW + 8 * HOUR,
        by="x",
        instead_of="ai_01",
    )
    assert duty(book) == expected


def test_who_would_be_on_call_anyway_stands_in_for_nobody() -> None:
    """An override for the person who is on call anyway names nobody whom they replace."""
    assert duty(Book([override(1, Who(None, "ai_01", "ai"), NOW, NOW + HOUR)])).instead_of is None


def test_a_half_of_a_swap_is_told_from_a_stand_in() -> None:
    """An override that is half of a swap is told as a swap, since that is what people remember."""
    half: StoredOverride = replace(override(1, DAN, NOW, NOW + HOUR), is_swap=True)
    assert duty(Book([half])).kind is DutyKind.SWAP


@pytest.mark.parametrize(
    ("content", "kind", "since", "until"),
    [
        (person("chat"), DutyKind.PERSON, NOW - HOUR, None),
        (
            Content({"ai_01": Who(None, "ai_01", "ai"), BEN.handle: BEN.who}, rotation=DAILY),
            DutyKind.ROTATION,
            NOW,
            NOW + DAY,
        ),
        (
            Content({"y": Who(None, "y", "y")}, shifts=(Shift("y", NOW - 2 * HOUR, NOW + HOUR),)),
            DutyKind.CALENDAR,
            NOW - HOUR,
            NOW + HOUR,
        ),
    ],
)
def test_what_was_set_from_chat_says_by_whom(
    content: Content, kind: DutyKind, since: datetime, until: datetime | None
) -> None:
    """A shift that had begun before counts from when it was set."""
    found = duty(Book((), [schedule(1, content, NOW - HOUR)]))
    assert (found.kind, found.since, found.until, found.by) == (kind, since, until, "x")


def test_what_was_taken_back_still_explains_the_time_before() -> None:
    """No row is deleted, so an older call can be explained from the book."""
    ended = override(1, DAN, NOW, NOW + 8 * HOUR, ended_at=NOW + HOUR)
    over = schedule(1, person("chat"), NOW - 2 * HOUR, ended_at=NOW - HOUR)
    book = Book([ended], [over])
    kinds = [duty(book, NOW + hours * HOUR).kind for hours in (-1.5, -0.5, 0.5, 1.5)]
    assert kinds == [DutyKind.PERSON, DutyKind.ALWAYS, DutyKind.OVERRIDE, DutyKind.ALWAYS]


def test_before_the_first_turn_the_next_source_counts() -> None:
    """A rotation that begins later explains nothing yet."""
    later = replace(DAILY, starts_on=date(2027, 1, 1))
    assert duty(layers=(Layer(later),)).kind is DutyKind.ALWAYS

"""Hours on call, pages of a person, and who carries too much."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.rotation import Shift
from bot.domain.statistics.load import (
    Fairness,
    PageCounts,
    PersonLoad,
    PlannedShift,
    Relief,
    fairness,
    loads,
    oncall_time,
)

T0 = datetime(2026, 11, 23, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AI, BEN, CHIKA = (OnCallPerson(name, name) for name in ("ai", "ben", "chika"))


def hours(start: int, end: int) -> tuple[datetime, datetime]:
    """From one hour to another."""
    return T0 + start * HOUR, T0 + end * HOUR


def shift(person: OnCallPerson, start: int, end: int, *, place: str = "primary") -> PlannedShift:
    """A coming shift."""
    order = ("primary", "secondary").index(place)
    return PlannedShift(place, order, person, *hours(start, end))


def load(person: OnCallPerson, *, oncall_h: float, pages: int = 0) -> PersonLoad:
    """Return a person's load."""
    return PersonLoad(person, PageCounts(day=pages), oncall_h * 3_600)


def compared(*found: PersonLoad, ahead: tuple[PlannedShift, ...] = ()) -> Fairness:
    """The comparison of people."""
    return fairness(found, ahead, since=T0)


def test_two_places_at_once_count_once() -> None:
    """A person who covers two places at once is on call for those hours once."""
    shifts = [Shift("ai", *hours(0, 8)), Shift("ben", *hours(0, 3)), Shift("ai", *hours(4, 10))]
    assert oncall_time(shifts) == {"ai": 10 * HOUR, "ben": 3 * HOUR}


def test_a_shift_within_another_adds_nothing() -> None:
    """A shift within another of the same person adds no time on call, and one after both is added."""
    shifts = [Shift("ai", *hours(0, 8)), Shift("ai", *hours(2, 3)), Shift("ai", *hours(9, 10))]
    assert oncall_time(shifts) == {"ai": 9 * HOUR}


def test_the_pages_of_one_person_are_added_up() -> None:
    """The pages of one person are added up; the most pages come first, then the most time on call."""
    paged = [(AI, PageCounts(day=1)), (AI, PageCounts(night=2, asleep=2))]
    found = loads(paged, [(BEN, 9 * HOUR), (CHIKA, 8 * HOUR)])
    assert [one.person for one in found] == [AI, BEN, CHIKA]
    assert (found[0].pages, found[1].oncall_s) == (PageCounts(day=1, night=2, asleep=2), 9 * 3_600)
    assert found[0].pages.total == 3


def test_half_again_the_mean_is_still_fair() -> None:
    """More than that is not: 151 of a mean of 100 hours."""
    assert compared(load(AI, oncall_h=150), load(BEN, oncall_h=50)).overloads == ()
    (found,) = compared(load(AI, oncall_h=152), load(BEN, oncall_h=50)).overloads
    assert (found.load.person, found.in_hours, found.in_pages) == (AI, True, False)


def test_pages_alone_may_be_too_many() -> None:
    """The hours are equal, the nights are not."""
    (found,) = compared(load(AI, oncall_h=9, pages=8), load(BEN, oncall_h=9, pages=1)).overloads
    assert (found.in_hours, found.in_pages) == (False, True)


@pytest.mark.parametrize(
    "found", [(load(AI, oncall_h=9, pages=30),), (load(AI, oncall_h=9, pages=3), load(BEN, oncall_h=9)), ()]
)
def test_one_person_or_a_few_pages_are_no_unfairness(found: tuple[PersonLoad, ...]) -> None:
    """A single person, or a few pages, is not reported as an unfair load."""
    assert compared(*found).overloads == ()


def test_a_person_without_any_load_is_no_part_of_the_mean() -> None:
    """The policy may name people who are never on call."""
    found = compared(load(AI, oncall_h=10), load(BEN, oncall_h=10), load(CHIKA, oncall_h=0))
    assert (found.mean_s, found.overloads) == (10 * 3_600, ())


def test_the_swap_that_saves_the_most_time_is_suggested() -> None:
    """The suggested swap saves the most hours, and is with the person who has the least load.

    Of equal swaps, the earliest is suggested.
    """
    ahead = (
        shift(AI, 0, 10),
        shift(BEN, 10, 20),
        shift(AI, 20, 60),
        shift(CHIKA, 60, 64),
        shift(CHIKA, 70, 74),
    )
    found = compared(load(AI, oncall_h=90), load(BEN, oncall_h=20), load(CHIKA, oncall_h=10), ahead=ahead)
    (over,) = found.overloads
    assert over.relief == Relief(gives=ahead[2], to=CHIKA, takes=ahead[3])


def paged_too_often(*ahead: PlannedShift) -> Relief | None:
    """What helps Ai, who has the hours of Ben and Chika and most of the pages."""
    loads = (load(AI, oncall_h=9, pages=12), load(BEN, oncall_h=8, pages=1), load(CHIKA, oncall_h=9))
    (over,) = compared(*loads, ahead=ahead).overloads
    return over.relief


def test_too_many_pages_become_fewer_at_a_place_that_is_paged_later() -> None:
    """A week as the first for a week as the second; an exchange of two first places would change nothing."""
    ahead = (shift(AI, 0, 10), shift(BEN, 0, 10, place="secondary"), shift(BEN, 10, 20))
    assert paged_too_often(*ahead) == Relief(gives=ahead[0], to=BEN, takes=ahead[1])


def test_nobody_is_put_at_two_places_at_once() -> None:
    """Ben is second while Ai is first: he cannot be first then for a second week of his that comes later."""
    gives, later = shift(AI, 0, 10), shift(BEN, 10, 20, place="secondary")
    same_time, chikas = shift(BEN, 0, 10, place="secondary"), shift(CHIKA, 40, 50, place="secondary")
    assert paged_too_often(gives, later, chikas) == Relief(gives, BEN, later)
    assert paged_too_often(gives, same_time, later, chikas) == Relief(gives, BEN, same_time)
    assert paged_too_often(gives, shift(BEN, 5, 9), later, chikas) == Relief(gives, CHIKA, chikas)


def test_without_an_easier_shift_a_stand_in_is_suggested() -> None:
    """If no lighter shift can be swapped, a free person is suggested instead."""
    ahead = (shift(AI, 0, 10), shift(BEN, 10, 20), shift(CHIKA, 4, 8, place="secondary"))
    people = (load(AI, oncall_h=90), load(BEN, oncall_h=20), load(CHIKA, oncall_h=10))
    (found,) = compared(*people, ahead=ahead[:2]).overloads
    assert found.relief == Relief(gives=ahead[0], to=CHIKA, takes=None)
    (found,) = compared(*people, ahead=(*ahead[:2], shift(CHIKA, 4, 18, place="secondary"))).overloads
    assert found.relief == Relief(gives=ahead[0], to=BEN, takes=None)


def test_without_a_coming_shift_nothing_is_suggested() -> None:
    """A person with too many hours and no planned shift to give away gets no suggestion."""
    (found,) = compared(load(AI, oncall_h=90), load(BEN, oncall_h=20), ahead=(shift(BEN, 0, 9),)).overloads
    assert found.relief is None

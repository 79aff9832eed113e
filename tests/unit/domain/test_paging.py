"""When to look at a page in a system outside again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.paging import (
    SyncedPage,
    SyncedState,
    Way,
    again_after,
    is_given_up,
    next_look,
    next_way,
    pause_after,
)

AT = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)
PAGE = SyncedPage(1, 7, 42, Way.PAGERDUTY, "k", SyncedState.RINGING, 0, AT)


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 10), (14, 10), (15, 30), (179, 30), (180, 300)])
def test_a_page_that_rings_is_asked_about_less_and_less_often(minutes: int, seconds: int) -> None:
    """The first minutes are those in which people answer."""
    now = AT + timedelta(minutes=minutes)
    assert next_look(PAGE, now=now) == timedelta(seconds=seconds)


def test_an_answered_page_waits_for_the_end() -> None:
    """No request is made for that: only the incident is looked at."""
    answered = replace(PAGE, state=SyncedState.ANSWERED)
    assert next_look(answered, now=AT) == timedelta(seconds=30)
    assert next_look(answered, now=AT + timedelta(hours=5)) == timedelta(minutes=5)


def test_a_system_that_fails_is_left_alone_longer_and_longer() -> None:
    """Up to five minutes, or for as long as it asks."""
    waits = [pause_after(failures, asked_s=None).total_seconds() for failures in (1, 2, 3, 6, 50)]
    assert waits == [10, 20, 40, 300, 300]
    assert pause_after(1, asked_s=900.0) == timedelta(minutes=15)


def test_a_system_is_left_alone_in_the_end() -> None:
    """An emergency of Pushover's ends by itself; an incident in PagerDuty may stay open for days."""
    pushover = replace(PAGE, way=Way.PUSHOVER)
    assert not is_given_up(pushover, now=AT + timedelta(hours=3, minutes=1))
    assert is_given_up(pushover, now=AT + timedelta(hours=5))
    assert not is_given_up(PAGE, now=AT + timedelta(days=13))


def test_the_next_way_is_one_that_was_not_tried() -> None:
    """The next way after one that failed was not tried yet: the other push, then the email, then none."""
    assert next_way([Way.NTFY], [Way.EMAIL, Way.NTFY, Way.PUSHOVER]) is Way.PUSHOVER
    assert next_way([Way.NTFY, Way.PUSHOVER], [Way.EMAIL, Way.NTFY]) is Way.EMAIL
    assert next_way([Way.EMAIL], [Way.EMAIL]) is None


def test_a_system_without_another_way_is_tried_for_two_hours() -> None:
    """A system that pages by itself is tried again for more than two hours, and then given up.

    The first wait is five minutes.
    """
    waits = [again_after(times) for times in range(9)]
    assert waits[0] == timedelta(minutes=5)
    assert sum((wait for wait in waits if wait is not None), timedelta()) > timedelta(hours=2)
    assert waits[-1] is None

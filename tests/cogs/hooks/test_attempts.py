"""Which requests of a source never arrived."""

from datetime import UTC, datetime, timedelta

from cogs.hooks.rules import HookAttempt, missed

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def attempt(number: int, delivery_id: str, *, minute: int, has_arrived: bool = False) -> HookAttempt:
    """Return an attempt at a minute past noon."""
    return HookAttempt(number, delivery_id, NOON + timedelta(minutes=minute), has_arrived)


def test_a_request_of_which_no_attempt_arrived_is_missed_once_from_its_first_attempt() -> None:
    """A request of which no attempt arrived is listed as missed once, by its first attempt."""
    attempts = [attempt(3, "a", minute=9), attempt(2, "b", minute=5), attempt(1, "a", minute=0)]
    assert [one.id for one in missed(attempts, known=())] == [1, 2]


def test_a_request_that_arrived_at_the_second_attempt_is_not_missed() -> None:
    """A request that arrived at its second attempt is not missed."""
    attempts = [attempt(2, "a", minute=1, has_arrived=True), attempt(1, "a", minute=0)]
    assert missed(attempts, known=()) == []


def test_a_request_that_is_stored_although_its_answer_was_lost_is_not_missed() -> None:
    """A stored request is not missed, even if its source takes it for failed because the answer was lost."""
    assert missed([attempt(1, "a", minute=0)], known={"a"}) == []

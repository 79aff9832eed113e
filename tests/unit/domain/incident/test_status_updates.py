"""The promise of a status update."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.domain.incident import transitions
from tests.unit.domain.incident.test_transitions import LATER, MINUTE, acknowledged


@pytest.mark.parametrize(("asked", "times"), [(0, 1), (1, 2), (2, 4), (3, 8), (9, 8)])
def test_reminders_come_less_and_less_often(asked: int, times: int) -> None:
    """1, 2, 4 and then every 8 intervals after the last one; what was promised stays promised."""
    told = transitions.apply_status_update(acknowledged(), None, next_update_at=LATER)
    silent = replace(told, updates=replace(told.updates, reminders=asked))
    assert transitions.intervals_until_repeat(silent) == times
    again = transitions.remind(silent, again_at=LATER + MINUTE)
    assert (again.updates.due_at, again.updates.remind_at) == (LATER, LATER + MINUTE)
    assert again.updates.reminders == asked + 1


SOON, LATE = LATER - MINUTE, LATER + 60 * MINUTE


@pytest.mark.parametrize(
    ("is_more_severe", "promised", "owed", "due"),
    [
        (False, LATER, LATE, LATER),  # it stays as people were told
        (False, LATER, SOON, LATER),
        (False, LATER, None, LATER),
        (False, None, LATE, LATE),
        (True, LATER, SOON, SOON),  # nobody promised this away
        (True, LATER, LATE, LATER),
        (True, LATER, None, LATER),
        (True, None, SOON, SOON),
        (True, None, None, None),
    ],
)
def test_another_severity_neither_drops_a_promise_nor_puts_it_off(
    is_more_severe: bool,  # a case
    promised: datetime | None,
    owed: datetime | None,
    due: datetime | None,
) -> None:
    """No other severity drops a promised update or puts it off; only a higher one may bring it forward.

    Without a promise, the new severity decides. The reminder comes when the update is due.
    """
    told = transitions.apply_status_update(acknowledged(), None, next_update_at=promised)
    updates = transitions.regraded(told, owed, is_more_severe=is_more_severe).updates
    assert (updates.due_at, updates.remind_at) == (due, due)


@pytest.mark.parametrize(
    ("promised", "owed", "due"),
    [(LATER, LATE, LATER), (LATER, SOON, LATER), (LATER, None, LATER), (None, LATE, LATE), (None,) * 3],
)
def test_a_promise_survives_an_acknowledge(
    promised: datetime | None, owed: datetime | None, due: datetime | None
) -> None:
    """An acknowledge leaves a promised update as it is; without a promise the severity's interval counts."""
    told = transitions.apply_status_update(acknowledged(), None, next_update_at=promised)
    updates = transitions.taken_on(told, owed).updates
    assert (updates.due_at, updates.remind_at) == (due, due)


@pytest.mark.parametrize("is_more_severe", [False, True])
def test_a_broken_promise_stays_overdue(is_more_severe: bool) -> None:  # a case
    """A higher severity reminds earlier, no severity forgets that the promise was broken."""
    told = transitions.apply_status_update(acknowledged(), None, next_update_at=SOON)
    silent = transitions.remind(told, again_at=LATE)
    updates = transitions.regraded(silent, LATER, is_more_severe=is_more_severe).updates
    assert (updates.due_at, updates.reminders) == (SOON, 1)
    assert updates.remind_at == (LATER if is_more_severe else LATE)

"""The promise of a status update."""

from dataclasses import replace

import pytest

from bot.domain.incident import status_updates, transitions
from tests.unit.domain.incident.test_transitions import LATER, MINUTE, acknowledged


@pytest.mark.parametrize(("asked", "times"), [(0, 1), (1, 2), (2, 4), (3, 8), (9, 8)])
def test_reminders_come_less_and_less_often(asked: int, times: int) -> None:
    """1, 2, 4 and then every 8 intervals after the last one; what was promised stays promised."""
    told = transitions.tell(acknowledged(), None, next_update_at=LATER)
    silent = replace(told, updates=replace(told.updates, reminders=asked))
    assert status_updates.intervals_until_repeat(silent) == times
    again = status_updates.remind(silent, again_at=LATER + MINUTE)
    assert (again.updates.due_at, again.updates.remind_at) == (LATER, LATER + MINUTE)
    assert again.updates.reminders == asked + 1

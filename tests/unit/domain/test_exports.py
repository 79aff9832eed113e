"""Exports that fail: pauses that grow, one word to people, and an end."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.code_host import AWAY, ExportTrouble, look_after

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_pauses_double_up_to_an_hour() -> None:
    """The pause before the next try of an export is as long as the trouble has lasted.

    The pause is at least 30 seconds and at most an hour, and so it doubles from try to try.
    """
    trouble, at, pauses = ExportTrouble.again(None, problem=AWAY, reason="503", at=NOW), NOW, []
    for _ in range(10):
        pause = trouble.pause(at=at)
        assert pause is not None
        pauses.append(pause.total_seconds())
        at += pause
        trouble = ExportTrouble.again(trouble, problem=AWAY, reason="503", at=at)
    assert pauses == [30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert trouble.since == NOW


def test_a_week_is_enough() -> None:
    """After a week of trouble the bot gives up an export; a longer pause that GitHub asks for is kept."""
    trouble = ExportTrouble.again(None, problem=AWAY, reason="", at=NOW)
    assert trouble.pause(at=NOW + timedelta(days=7)) is None
    assert trouble.pause(at=NOW, asked_wait=timedelta(hours=2)) == timedelta(hours=2)


@pytest.mark.parametrize(("problem", "after"), [("token", MINUTE), (AWAY, timedelta(hours=1))])
def test_people_are_told_once(problem: str, after: timedelta) -> None:
    """Soon of what they have to change, and only after an hour of what passes by itself."""
    trouble = ExportTrouble.again(None, problem=problem, reason="", at=NOW)
    assert not trouble.is_due(at=NOW + after - timedelta(seconds=1))
    assert trouble.is_due(at=NOW + after)
    told = ExportTrouble(since=NOW, problem=problem, is_told=True)
    again = ExportTrouble.again(told, problem=problem, reason="", at=NOW + timedelta(days=1))
    assert not again.is_due(at=NOW + timedelta(days=2))


def test_what_is_quiet_is_looked_at_less_often() -> None:
    """A tenth of the time since the last change, within bounds."""
    longest = timedelta(minutes=30)
    spans = [timedelta(), timedelta(minutes=5), timedelta(hours=1), timedelta(days=2)]
    assert [look_after(quiet, longest=longest) for quiet in spans] == [MINUTE, MINUTE, 6 * MINUTE, longest]


def test_trouble_is_read_as_it_was_stored() -> None:
    """An export problem that only a newer version knows is kept as stored, and not taken for a refusal."""
    stored = {"since": NOW.isoformat(), "problem": "hologram"}
    trouble = ExportTrouble.from_json(stored)
    assert trouble.to_json() == stored
    assert not trouble.is_refused

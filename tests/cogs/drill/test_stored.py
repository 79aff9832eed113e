"""What the bot of another version has stored of drills."""

from datetime import UTC, datetime

from bot.domain.timeline.entries import TimelineEntry
from cogs.drill.capability import CAPABILITY
from cogs.drill.rules import DrillScoredEntry

AT = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
ROW = {
    "ack_s": None,
    "ack_within_s": 900.0,
    "ack_by": None,
    "commander": None,
    "commander_s": None,
    "update_s": None,
    "notes": 0,
    "pins": 0,
    "took_s": None,
    "missed": ["ack"],
    "steps": 0,
    "steps_done": 0,
}


def test_a_row_keeps_its_keys() -> None:
    """An older process reads what this one writes, and the other way round."""
    read = DrillScoredEntry.from_json({**ROW, "hologram": 1})
    assert TimelineEntry.of(read, AT).data == ROW


def test_every_kind_of_entry_has_words() -> None:
    """Each entry that the capability writes is among those that it has words for."""
    assert {look.type for look in CAPABILITY.entries} == {DrillScoredEntry}

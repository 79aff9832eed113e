"""What the bot of another version has stored of suspects."""

from datetime import UTC, datetime

import pytest

from bot.domain.payloads import Json
from bot.domain.timeline.entries import TimelineEntry
from cogs.suspects.capability import CAPABILITY
from cogs.suspects.rules import FirstLook, RollbackEntry

AT = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)


@pytest.mark.parametrize("row", [{"rolls_back": True, "reason": "x", "key": "k", "line": "rollback:3"}])
def test_a_row_keeps_its_keys(row: Json) -> None:
    """An older process reads what this one writes, and the other way round."""
    read = RollbackEntry.from_json({**row, "hologram": 1})
    assert TimelineEntry.of(read, AT).data == row


def test_an_empty_row_is_read() -> None:
    """A row without data is read; so is an incident without a card and a decision."""
    assert RollbackEntry.from_json({}) is not None
    assert FirstLook.from_json({"card": None, "rollback": None}) == FirstLook()


def test_every_kind_of_entry_has_words() -> None:
    """Each entry that the capability writes is among those that it has words for."""
    assert [look.type for look in CAPABILITY.entries] == [RollbackEntry]

"""What the bot of another version has stored of announcements."""

from datetime import UTC, datetime

import pytest

from bot.domain.payloads import Json
from bot.domain.timeline.entries import EntryData, TimelineEntry
from cogs.announcements.capability import CAPABILITY
from cogs.announcements.rules import AnnouncedEntry, AnnouncementFailedEntry

AT = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
WORDS = {"ja": "あ", "en": "a"}
SAID = {"number": 2, "state": "resolved", "via": "webhook", "texts": {"x": WORDS}}
NOW = [
    (AnnouncedEntry, {"said": SAID, "key": "announced:2:3", "line": "announced:2:3"}),
    (AnnouncedEntry, {"said": {"number": 1, "texts": {}}}),
    (AnnouncementFailedEntry, {"number": 2, "reason": "HTTP 403", "line": "k"}),
]


@pytest.mark.parametrize(("payload", "row"), NOW)
def test_a_row_keeps_its_keys(payload: type[EntryData], row: Json) -> None:
    """An older process reads what this one writes, and the other way round."""
    read = payload.from_json({**row, "hologram": 1})
    assert TimelineEntry.of(read, AT).data == row


@pytest.mark.parametrize("payload", [AnnouncedEntry, AnnouncementFailedEntry])
def test_an_empty_row_is_read(payload: type[EntryData]) -> None:
    """A row without data is read."""
    assert payload.from_json({}) is not None


def test_every_kind_of_entry_has_words() -> None:
    """Each entry that the capability writes is among those that it has words for."""
    assert {look.type for look in CAPABILITY.entries} == {payload for payload, _ in NOW}

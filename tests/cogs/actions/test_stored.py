"""What the bot of another version has stored of action items."""

from datetime import UTC, date, datetime

import pytest

from bot.domain.payloads import Json
from bot.domain.timeline.entries import EntryData, TimelineEntry
from cogs.actions.capability import CAPABILITY
from cogs.actions.rules import (
    ActionAddedEntry,
    ActionDm,
    ActionDmReason,
    ActionDoneEntry,
    ActionDroppedEntry,
    ActionEditedEntry,
    ActionReopenedEntry,
    ActionVerifiedEntry,
)

AT = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
ISO = AT.isoformat()
ITEM: Json = {"item": 7, "what": "x"}
NOW: dict[type[EntryData], list[Json]] = {
    ActionAddedEntry: [
        {**ITEM, "owner": "a", "due_on": "2026-12-04", "verification": "y", "line": "action:7:1"}
    ],
    ActionEditedEntry: [
        {**ITEM, "before": "w", "owner": "b", "due_on": "2026-12-04", "verification": "y"},
        {**ITEM, "alert": "API latency", "line": "action:7:2"},
    ],
    ActionDoneEntry: [{**ITEM, "watched_until": ISO}, {**ITEM, "line": "action:7:2"}],
    ActionDroppedEntry: [{**ITEM, "reason": "z"}],
    ActionReopenedEntry: [{**ITEM, "reason": "z"}, {**ITEM, "with": 41}, ITEM],
    ActionVerifiedEntry: [ITEM],
}


@pytest.mark.parametrize(("payload", "row"), [(one, row) for one, rows in NOW.items() for row in rows])
def test_a_row_keeps_its_keys(payload: type[EntryData], row: Json) -> None:
    """An older process reads what this one writes, and the other way round."""
    read = payload.from_json({**row, "hologram": 1})
    assert TimelineEntry.of(read, AT).data == row


@pytest.mark.parametrize("payload", NOW)
def test_an_empty_row_is_read(payload: type[EntryData]) -> None:
    """A row without data is read."""
    assert payload.from_json({}) is not None


def test_every_kind_of_entry_has_words() -> None:
    """Each entry that the capability writes is among those that it has words for."""
    assert {look.type for look in CAPABILITY.entries} == set(NOW)


def test_a_dm_keeps_its_keys() -> None:
    """A DM that another version has queued is read, and written as it was."""
    row: Json = {
        "item": 7,
        "why": "assigned",
        "what": "x",
        "owner": "a",
        "owner_id": 1,
        "due_on": "2026-12-04",
        "verification": "y",
        "by": "b",
        "day": "2026-11-24",
    }
    dm = ActionDm(
        item=7,
        why=ActionDmReason.ASSIGNED,
        what="x",
        owner="a",
        owner_id=1,
        due_on=date(2026, 12, 4),
        verification="y",
        by="b",
        day=date(2026, 11, 24),
    )
    assert ActionDm.from_json({**row, "hologram": 1}) == dm
    assert dm.to_json() == row

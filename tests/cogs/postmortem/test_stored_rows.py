"""What the bot of another version has stored of postmortems."""

from datetime import UTC, date, datetime

import pytest

from bot.capability import delivery_kinds
from bot.domain.delivery.delivery import FileRef
from bot.domain.incident.parts import PostmortemReminderStage
from bot.domain.payloads import Json, Payload
from bot.domain.timeline.entries import EntryData, TimelineEntry
from cogs.postmortem.facts import PostmortemData
from cogs.postmortem.posts import ENTRIES
from cogs.postmortem.rules import (
    Occasion,
    PostmortemDelivery,
    PostmortemDm,
    PostmortemDoneEntry,
    PostmortemEntry,
    PostmortemOwedEntry,
    PostmortemOwnerEntry,
    PostmortemRemindedEntry,
)

AT = datetime(2026, 11, 24, 5, 14, tzinfo=UTC)
PERSON = {"id": 1, "name": "a"}
ROWS: list[tuple[type[EntryData], Json]] = [
    (PostmortemOwnerEntry, {"owner": PERSON, "former": PERSON, "due_on": "2026-12-01"}),
    (
        PostmortemOwnerEntry,
        {"owner": PERSON, "former": PERSON, "due_on": "2026-12-10", "due_before": "2026-12-01"},
    ),
    (PostmortemRemindedEntry, {"stage": "before", "owner": "a"}),
    (PostmortemRemindedEntry, {"stage": "thread", "owner": "a", "is_away": True}),
    (PostmortemDoneEntry, {}),
    (PostmortemDoneEntry, {"merged": "https://x.example/1"}),
    (PostmortemOwedEntry, {"due_on": "2026-12-01"}),
]
PAYLOADS: list[tuple[Json, Payload]] = [
    (
        {
            "files": [{"key": "postmortem:1:2", "filename": "INC-1-postmortem.md"}],
            "path": "a.md",
            "version": 2,
        },
        PostmortemData(
            files=(FileRef(key="postmortem:1:2", filename="INC-1-postmortem.md"),), path="a.md", version=2
        ),
    ),
    (
        {
            "files": [{"key": "d:1", "filename": "a.png", "description": "weeks"}],
            "path": "a.md",
            "version": 1,
            "problem": "x.md:1: no",
        },
        PostmortemData(
            files=(FileRef(key="d:1", filename="a.png", description="weeks"),),
            path="a.md",
            version=1,
            problem="x.md:1: no",
        ),
    ),
    (
        {"owner_id": 1, "owner": "a", "due_on": "2026-12-01", "stage": "after"},
        PostmortemDm(owner_id=1, owner="a", due_on=date(2026, 12, 1), stage=PostmortemReminderStage.AFTER),
    ),
    (
        {"owner_id": 1, "owner": "a", "due_on": "2026-12-01", "by": "b"},
        PostmortemDm(owner_id=1, owner="a", due_on=date(2026, 12, 1), by="b"),
    ),
    (
        {"owner_id": 1, "owner": "a", "due_on": "2026-12-01", "by": "b", "occasion": "resolved"},
        PostmortemDm(owner_id=1, owner="a", due_on=date(2026, 12, 1), by="b", occasion=Occasion.RESOLVED),
    ),
]


@pytest.mark.parametrize(("payload", "row"), ROWS)
def test_a_row_keeps_its_keys(payload: type[EntryData], row: Json) -> None:
    """An older process reads what this one writes, and the other way round."""
    read = payload.from_json({**row, "hologram": 1})
    assert TimelineEntry.of(read, AT).data == row


def test_every_kind_of_entry_has_words_and_reads_an_empty_row() -> None:
    """The first version left some without data."""
    assert {look.type.kind for look in ENTRIES} == set(PostmortemEntry)
    assert all(look.type.from_json({}) is not None for look in ENTRIES)


@pytest.mark.parametrize(("row", "read"), PAYLOADS)
def test_a_stored_payload_is_read_and_keeps_its_keys(row: Json, read: Payload) -> None:
    """An older process reads what this one writes, and the other way round."""
    assert type(read).from_json(row) == read
    assert type(read).from_json({**row, "hologram": 1}) == read
    assert {key: value for key, value in read.to_json().items() if key in row} == row


def test_each_kind_of_delivery_is_known_by_its_stored_name() -> None:
    """A row names the kind; it must be found again."""
    known = delivery_kinds()
    assert (known["postmortem_dm"], known["postmortem_file"]) == tuple(PostmortemDelivery)

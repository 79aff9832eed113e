"""What timeline entries hold, as every version has stored it: each row is read, and keeps its keys."""

from datetime import UTC, datetime
from importlib import import_module

import pytest

from bot.domain.escalation.pages import declined
from bot.domain.incident.records import DeclinedEntry, RoleChangedEntry
from bot.domain.payloads import UNSET, Json
from bot.domain.timeline.entries import EntryData, EntryKind, TimelineEntry, TimelineKind

AT = datetime(2026, 11, 24, 5, 14, tzinfo=UTC)
ISO = AT.isoformat()
PERSON = {"id": 1, "name": "a"}
WHO_AND_WHEN = {"by": "a", "at": ISO, "withdrawn": None, "withdrawn_by": None}
SAID = {
    "cause": "x",
    "fix": "y",
    "impact": "z",
    "people": 120,
    "duration_s": 2_700,
    "by_id": 1,
    "by_name": "a",
    "at": ISO,
}
WORDS = {"ja": "あ", "en": "a"}
MESSAGE = {
    "text": "x",
    "author_id": 5,
    "author_name": "客",
    "url": "https://discord.com/channels/7/1/2",
    "at": ISO,
}


#: Rows as this version writes them, by kind.
NOW: dict[EntryKind, list[Json]] = {
    TimelineKind.OPENED: [
        {"severity": "SEV1", "started_at": ISO, "path": [["q", "yes"]]},
        {"severity": "SEV1", "started_at": ISO, "path": [], "reporter": "b"},
    ],
    TimelineKind.EVIDENCE: [MESSAGE],
    TimelineKind.OUTPUT: [
        {"text": "x", "key": "interaction:1", "line": "output:interaction:1"},
        {
            "text": "x",
            "topic": "worker_logs",
            "masked": 2,
            "lines": 90,
            "file": "output:3:interaction:1",
            "url": "https://discord.com/channels/7/1/2",
        },
    ],
    TimelineKind.TRIAGED: [
        {
            "triage": 3,
            "started_by": "a",
            "chosen": "SEV2",
            "answers": [{"question": "q", "answer": "yes", "unsure": False, **WHO_AND_WHEN}],
            "choices": [{"proposed": None, "severity": "SEV2", "counts": True, **WHO_AND_WHEN}],
        }
    ],
    TimelineKind.PROMOTED: [{"triage": 3, "triaged_by": "a", "asked_at": ISO}],
    TimelineKind.UNFINISHED: [{"triage": 3, "left_by": "a", "asked_at": None}],
    TimelineKind.DECLARED: [{}],
    TimelineKind.REPEATED: [{"count": 3, "url": "https://x.example"}],
    TimelineKind.RECOVERED: [{"url": "https://x.example", "line": "recovered:1"}],
    TimelineKind.ALERT_POSTED: [{"where": [7, 301, 900]}],
    TimelineKind.THREAD_OPENED: [{"where": [7, 900]}],
    TimelineKind.PAGED: [{"place": "primary", "who": "@a"}, {"place": "primary"}],
    TimelineKind.ACKNOWLEDGED: [{"via": "button"}],
    TimelineKind.JOINED: [{"via": "role"}],
    TimelineKind.RELEASED: [
        {"resumed": True},
        {"resumed": True, "asked": [{"id": 1, "name": "a"}]},
        {"resumed": False, "to": {"id": 1, "name": "a"}},
    ],
    TimelineKind.LAPSED: [{"who": "a"}, {"who": "a", "asked": [{"id": 2, "name": "b"}]}],
    TimelineKind.DECLINED: [{"place": "primary", "to": None, "asked": "@a", "ladder": 0}],
    TimelineKind.ESCALATED: [{"step": 1, "dm": ["@a"]}, {"step": 3, "dm": [], "overdue": [ISO]}],
    TimelineKind.DELIVERY_FAILED: [
        {"kind": "page", "to": "person:primary", "reason": "403"},
        {"kind": "member", "to": "user:1", "reason": "403", "name": "a"},
    ],
    TimelineKind.PAGED_OUTSIDE: [{"way": "pagerduty"}, {"way": "ntfy", "who": "@primary"}],
    TimelineKind.EMAILED: [{"recipients": 2}],
    TimelineKind.DETAILS_CHANGED: [
        {"title": {"before": "x", "after": "y"}, "key": "k", "line": "details:3"},
        {"started_at": {"before": ISO, "after": ISO}, "key": "k", "line": "details:3"},
        {"targets": ["api"], "symptoms": [], "key": "k"},
    ],
    TimelineKind.SEVERITY_CHANGED: [
        {"before": "SEV2", "after": "SEV1", "reason": "", "line": "severity:2"},
        {"before": "SEV2", "after": "SEV1", "merged": 9, "next_at": None, "line": "severity:2"},
    ],
    TimelineKind.ROLE_CHANGED: [
        {"role": "scribe", "holder": PERSON, "former": None, "line": "role:2"},
        {"role": "scribe", "holder": None, "former": PERSON, "gone": True, "line": "role:2"},
    ],
    TimelineKind.STEP_DONE: [{"severity": "SEV1", "number": 1, "words": {"ja": "あ", "en": "a"}}],
    TimelineKind.STEP_UNDONE: [{"severity": "SEV1", "number": 1, "words": {"ja": "あ", "en": "a"}}],
    TimelineKind.UPDATED: [
        {"known": "x", "impact": "", "users": "yes", "next_at": ISO, "key": "k", "line": "updated:k"},
        {"known": "x", "impact": "", "next_at": ISO, "key": "k", "line": "updated:k"},
        {"next_at": None, "key": "k", "line": "updated:k"},
    ],
    TimelineKind.UPDATE_DUE: [
        {"due_at": ISO, "reminder": 1, "lead": None},
        {"due_at": ISO, "reminder": 2, "lead": "a", "lapses_at": ISO},
    ],
    TimelineKind.NOTE: [{"text": "x", "key": "k", "line": "note:k"}],
    TimelineKind.PINNED: [{**MESSAGE, "message_id": 2, "channel_id": 1, "is_readable": False}],
    TimelineKind.PIN_EDITED: [
        {"message_id": 2, "text": "y", "is_readable": True, "url": "https://x.example", "key": "edited:2"}
    ],
    TimelineKind.PIN_DELETED: [{"message_id": 2, "author_name": None, "text": ""}],
    TimelineKind.CORRECTED: [
        {"text": "y", "key": "k", "line": "corrected:k"},
        {"text": "", "impact": "", "at": ISO, "key": "k", "line": "corrected:k"},
    ],
    TimelineKind.VOICE_JOINED: [{"channel": "war-room"}],
    TimelineKind.LINKED: [{"with": 41}, {"merged": 41}],
    TimelineKind.UNLINKED: [{"with": 41}],
    TimelineKind.MADE_PRIVATE: [{}],
    TimelineKind.MEMBER_ADDED: [{"id": 1, "name": "a"}],
    TimelineKind.MEMBER_REMOVED: [{"id": 1, "name": "a"}],
    TimelineKind.RESOLVED: [
        {"line": "resolved:3"},
        {"url": "https://x.example", "drill": True},
        {"said": SAID, "owner": PERSON, "due_on": "2026-12-01", "key": "interaction:1"},
    ],
    TimelineKind.RESOLUTION_CORRECTED: [{"said": SAID, "line": "resolution:4"}],
    TimelineKind.CANCELLED: [{"reason": "x", "line": "cancelled:3"}, {"reason": "", "drill": True}],
    TimelineKind.MERGED: [{"into": 41, "line": "merged:3"}],
    TimelineKind.UNMERGED: [{"with": 41}],
    TimelineKind.REOPENED: [{"reason": "x", "line": "reopened:3"}],
}

MODULES = (
    "bot.domain.alerts.questions",
    "bot.domain.escalation.payloads",
    "bot.domain.incident.records",
    "bot.domain.privacy_payloads",
    "bot.domain.sheets",
    "bot.domain.timeline.recorded",
    "bot.domain.timeline.recorded",
)


def entries_of(module: str) -> list[type[EntryData]]:
    """The payloads that one module defines."""
    found = vars(import_module(module)).values()
    return [
        one for one in found if isinstance(one, type) and issubclass(one, EntryData) and hasattr(one, "kind")
    ]


PAYLOADS = {one.kind: one for module in MODULES for one in entries_of(module)}


def test_every_kind_has_a_payload_and_rows() -> None:
    """Each kind of timeline entry has one payload class, and rows in this file as the bot writes them."""
    classes = {one for module in MODULES for one in entries_of(module)}
    assert sorted(one.kind for one in classes) == sorted(TimelineKind)
    assert sorted(kind for kind, rows in NOW.items() if rows) == sorted(TimelineKind)


@pytest.mark.parametrize(
    ("kind", "row"),
    [(kind, row) for kind, rows in NOW.items() for row in rows],
    ids=lambda value: str(value)[:40],
)
def test_a_row_keeps_its_keys(kind: EntryKind, row: Json) -> None:
    """An older process reads what this one writes, and the other way round."""
    payload = PAYLOADS[kind].from_json({**row, "hologram": 1})
    assert TimelineEntry.of(payload, AT).data == row


@pytest.mark.parametrize("kind", sorted(set(TimelineKind) - {TimelineKind.EVIDENCE}))
def test_an_empty_row_is_read(kind: EntryKind) -> None:
    """The first version left some without data; only a message is nothing without its time."""
    assert PAYLOADS[kind].from_json({}) is not None


def test_a_decline_of_an_older_version_names_a_place_alone() -> None:
    """A decline stored by an older version, with a place and no person, counts for the first ladder alone.

    The decline is kept under its place. An entry that does not say who was asked next is read, too.
    """
    old = TimelineEntry(TimelineKind.DECLINED, AT, data={"place": "primary", "to": "secondary"})
    assert declined([old]) == (0, {"primary": "secondary"})
    assert declined([old, TimelineEntry(TimelineKind.SEVERITY_CHANGED, AT)]) == (1, {})
    assert DeclinedEntry.from_json({"place": "primary"}).to is UNSET


def test_a_role_of_the_first_version_names_its_holder_alone() -> None:
    """A role's holder is read from a row of the first version, which stored a name without an id."""
    holder = RoleChangedEntry.from_json({"role": "commander", "holder": "a"}).holder
    assert holder is not None
    assert holder.name == "a"

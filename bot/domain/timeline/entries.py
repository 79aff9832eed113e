"""The timeline of an incident: the history that people read, and that the postmortem starts from."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final, Self

from bot.domain.payloads import Json, Payload
from bot.domain.people import Person

#: An entry that is recorded less than this after its time is not late.
_LATE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineKindSpec:
    """The properties of one kind of timeline entry. Its look is in `bot.ui.words.timeline_details`.

    Attributes:
        is_written: People write it, and may therefore correct it; the bot records the others.
        has_words: It holds the words of a person, which are shown as such.
        is_machine: It records a message of the bot. Screens fold it, or show it only on request.
        hands_over: The incident is other people's from then on: nothing of the ladder before it goes on, and
            the next one has a number of its own. Their data has `begins_ladder`, for queries.
    """

    is_written: bool = False
    has_words: bool = False
    is_machine: bool = False
    hands_over: bool = False


#: Something that the bot records.
_RECORDED: Final = TimelineKindSpec()
_MACHINE: Final = TimelineKindSpec(is_machine=True)
_WRITTEN: Final = TimelineKindSpec(is_written=True, has_words=True)
_WORDS: Final = TimelineKindSpec(has_words=True)


class EntryKind(StrEnum):
    """The kind of a timeline entry, with the record of what it means. A capability's own are a subclass."""

    spec: TimelineKindSpec

    def __new__(cls, name: str, spec: TimelineKindSpec = _RECORDED) -> Self:
        """Make the member called *name* in the database."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.spec = spec
        return kind


class TimelineKind(EntryKind):
    """The kinds of the core."""

    OPENED = "opened"
    EVIDENCE = "evidence"  # the message that a triage started from
    TRIAGED = "triaged"  # every answer of the triage, who gave it and when
    PROMOTED = "promoted"  # a re-evaluation without an answer was raised
    UNFINISHED = "unfinished"  # a triage that its person left unfinished was raised
    DECLARED = "declared"  # a tracked alert became an incident
    REPEATED = "repeated"  # the same alert came again
    RECOVERED = "recovered"  # its monitor says that it is over
    ALERT_POSTED = "alert_posted", _MACHINE
    THREAD_OPENED = "thread_opened", _MACHINE
    PAGED = "paged", _MACHINE  # a DM reached a person on call
    PAGED_OUTSIDE = "paged_outside", _MACHINE  # a system outside Discord took a page
    ACKNOWLEDGED = "acknowledged"
    JOINED = "joined"
    RELEASED = "released"  # the responder let go
    LAPSED = "lapsed"  # the responder was silent for too long
    DECLINED = "declined"  # on call, but cannot respond now
    ESCALATED = "escalated"
    DELIVERY_FAILED = "delivery_failed"
    EMAILED = "emailed", _MACHINE
    DETAILS_CHANGED = "details_changed"
    SEVERITY_CHANGED = "severity_changed"
    ROLE_CHANGED = "role_changed"
    STEP_DONE = "step_done"  # of the first-response sheet
    STEP_UNDONE = "step_undone"  # and its tick was taken back
    UPDATED = "updated", _WRITTEN  # a status update
    UPDATE_DUE = "update_due"  # a reminder that a status update is due
    NOTE = "note", _WRITTEN
    OUTPUT = "output", _WORDS  # of a command, without its secrets
    PINNED = "pinned", _WRITTEN  # a message of the thread
    PIN_EDITED = "pin_edited", _WORDS
    PIN_DELETED = "pin_deleted"
    CORRECTED = "corrected", _WORDS  # the correction of an entry; the first version stays
    VOICE_JOINED = "voice_joined"
    LINKED = "linked"
    UNLINKED = "unlinked"  # and it was a mistake
    MADE_PRIVATE = "made_private"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"  # a false alarm
    MERGED = "merged"  # a duplicate of another
    UNMERGED = "unmerged"  # what had been merged into this one goes on by itself again
    REOPENED = "reopened"
    RESOLUTION_CORRECTED = "resolution_corrected"  # how it was resolved


class EntryData(Payload):
    """What an entry holds besides who and when. Each kind has a subclass, beside its capability.

    Attributes:
        line: The key of the thread's line that tells of it, so that readers get a link there.
        key: Of the interaction or event that caused it, which is recorded once.
    """

    kind: ClassVar[EntryKind]

    line: str | None = None
    key: str | None = None

    def __init_subclass__(cls, *, kind: EntryKind | None = None) -> None:
        """Set the kind; what fits an entry of any kind has none."""
        super().__init_subclass__()
        if kind is not None:
            cls.kind = kind


class _Common(EntryData):
    """What may be asked of an entry whatever its kind."""

    text: str = ""
    known: str | None = None
    impact: str | None = None
    at: datetime | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One fact in an incident's history.

    Attributes:
        at: When it happened, aware; for an entry that was added late, the time that its author gave.
        actor_id, actor_name: Who did it; None for the bot itself.
        data: An `EntryData` as JSON; its shape depends on `kind`.
        id, recorded_at: Set once it is stored: its number, and when it was written down.
        corrects: The id of the entry that this one puts right.
    """

    kind: EntryKind
    at: datetime
    actor_id: int | None = None
    actor_name: str | None = None
    data: Json | None = None
    corrects: int | None = None
    id: int | None = field(default=None, compare=False)
    recorded_at: datetime | None = field(default=None, compare=False)

    @property
    def is_late(self) -> bool:
        """Return True if a person added the entry a minute or more after it happened."""
        if self.recorded_at is None or not self.kind.spec.is_written:
            return False
        return self.recorded_at - self.at >= _LATE

    @classmethod
    def of(
        cls, data: EntryData, at: datetime, *, by: Person | None = None, corrects: int | None = None
    ) -> Self:
        """Return the entry that holds *data*.

        Args:
            by: Who did it; None for the bot itself.
        """
        return cls(
            data.kind,
            at,
            actor_id=None if by is None else by.id,
            actor_name=None if by is None else by.name,
            data=data.to_json(),
            corrects=corrects,
        )

    @property
    def said(self) -> str:
        """Return the words that a person wrote in a note or a status update; else an empty string."""
        return (self._common.known or "") if self.kind is TimelineKind.UPDATED else self._common.text

    @property
    def impact(self) -> str | None:
        """Return the impact named by a status update or by a correction of one; None if neither names it."""
        return self._common.impact

    @property
    def is_update(self) -> bool:
        """Return True for a status update with content; one may be no more than a promise of the next."""
        return self.kind is TimelineKind.UPDATED and self._common.known is not None

    @property
    def moved_to(self) -> datetime | None:
        """Return the new time that a correction sets; None if it does not change the time."""
        return self._common.at if self.kind is TimelineKind.CORRECTED else None

    @property
    def line(self) -> str | None:
        """Return the key of the thread's line that tells of it."""
        return self._common.line

    @property
    def key(self) -> str | None:
        """Return the key of the interaction or event that caused it."""
        return self._common.key

    @property
    def message_id(self) -> int | None:
        """Return the id of the pinned message that it is about."""
        return self._common.message_id

    @property
    def _common(self) -> _Common:
        return _Common.from_json(self.data or {})

"""What timeline entries hold about an incident: its life, its roles, its relations."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self, TypeAlias

from bot.domain.incident.notices import CancelledNotice, MergedNotice, Named, ResolvedNotice
from bot.domain.incident.title_and_start import StartChange, TitleChange
from bot.domain.payloads import UNSET, Json, Unset, keyed
from bot.domain.timeline.entries import EntryData, TimelineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEntry(EntryData):
    """It was reported.

    Attributes:
        path: Question and answer of each step of the triage.
        reporter: The name of the person who reported it, if another one, or a clock, raised it.
        started_at: None in a row of an older version.
    """

    kind: ClassVar = TimelineKind.OPENED

    severity: str
    path: tuple[tuple[str, ...], ...]
    reporter: str | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEntry(EntryData):
    """A tracked alert became an incident."""

    kind: ClassVar = TimelineKind.DECLARED


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPostedEntry(EntryData):
    """The alert is there.

    Attributes:
        where: Guild, channel and message; for a thread guild and thread.
    """

    kind: ClassVar = TimelineKind.ALERT_POSTED

    where: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadOpenedEntry(EntryData):
    """The thread is there; attributes as `AlertPostedEntry`."""

    kind: ClassVar = TimelineKind.THREAD_OPENED

    where: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedEntry(EntryData):
    """A person is the responder.

    Attributes:
        via: As `AckVia` has it.
    """

    kind: ClassVar = TimelineKind.ACKNOWLEDGED

    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedEntry(EntryData):
    """A further responder joined; attributes as `AcknowledgedEntry`."""

    kind: ClassVar = TimelineKind.JOINED

    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedEntry(EntryData):
    """A person on call cannot respond.

    Attributes:
        place, asked: The on-call place, and the person there; an older version wrote the place alone.
        to: The place that is paged instead; None: no place is left.
        ladder: The number of the incident's ladder, from 0.
    """

    kind: ClassVar = TimelineKind.DECLINED

    place: str | None
    to: str | Unset | None = UNSET
    asked: str | None
    ladder: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChangedEntry(EntryData):
    """The severity is another; attributes as `SeverityChangedNotice`."""

    kind: ClassVar = TimelineKind.SEVERITY_CHANGED

    before: str
    after: str
    reason: str | None = None
    merged: int | None = None
    next_at: datetime | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsChangedEntry(EntryData):
    """Title or start, or targets and symptoms, are others; None: they stay."""

    kind: ClassVar = TimelineKind.DETAILS_CHANGED

    title: TitleChange | None = None
    started_at: StartChange | None = None
    targets: tuple[str, ...] | None = None
    symptoms: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChangedEntry(EntryData):
    """A role has another holder, or none; attributes as `RoleChangedNotice`."""

    kind: ClassVar = TimelineKind.ROLE_CHANGED

    role: str
    holder: Named | None
    former: Named | None
    gone: bool = False

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """Read it; the first version wrote the holder's name alone."""
        holder = stored.get("holder")
        known = {"holder": {"id": 0, "name": holder}} if isinstance(holder, str) else {}
        return super(RoleChangedEntry, cls).from_json({**stored, **known})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDoneEntry(EntryData):
    """A step of the first-response sheet was ticked.

    Attributes:
        number: From 1.
        words: Its text, by language: the sheet may be edited.
    """

    kind: ClassVar = TimelineKind.STEP_DONE

    severity: str
    number: int
    words: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUndoneEntry(EntryData):
    """Its tick was taken back; attributes as `StepDoneEntry`."""

    kind: ClassVar = TimelineKind.STEP_UNDONE

    severity: str
    number: int
    words: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatedEntry(EntryData):
    """A status update; attributes as `UpdatedNotice`."""

    kind: ClassVar = TimelineKind.UPDATED

    next_at: datetime | None
    known: str | None = None
    impact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDueEntry(EntryData):
    """A reminder of an update; attributes as `UpdateDueNotice`."""

    kind: ClassVar = TimelineKind.UPDATE_DUE

    due_at: datetime | Unset = UNSET
    reminder: int
    lead: str | None
    lapses_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedEntry(EntryData):
    """Another incident is related, or was merged into this one.

    Attributes:
        with_, merged: The number of the other one.
    """

    kind: ClassVar = TimelineKind.LINKED

    with_: int | None = keyed("with", default=None)
    merged: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedEntry(EntryData):
    """It is not related after all."""

    kind: ClassVar = TimelineKind.UNLINKED

    with_: int | None = keyed("with", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmergedEntry(EntryData):
    """It goes on by itself again."""

    kind: ClassVar = TimelineKind.UNMERGED

    with_: int | None = keyed("with", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedEntry(EntryData):
    """It was merged into another one; *into* is left out for readers who may not know of that."""

    kind: ClassVar = TimelineKind.MERGED

    into: int | None = None
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedEntry(EntryData):
    """It is resolved.

    Attributes:
        url: The monitor's message that says so, if it ended by that.
        drill: It was a drill.
    """

    kind: ClassVar = TimelineKind.RESOLVED

    url: str | None = None
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledEntry(EntryData):
    """It was a false alarm, or a drill that is over."""

    kind: ClassVar = TimelineKind.CANCELLED

    reason: str
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenedEntry(EntryData):
    """It goes on."""

    kind: ClassVar = TimelineKind.REOPENED

    reason: str


#: The notices of the ends that an incident may have.
End: TypeAlias = ResolvedNotice | CancelledNotice | MergedNotice


def entry_of(told: End, *, is_drill: bool) -> EntryData:
    """Return what the timeline holds of the end that a line in the thread tells of."""
    match told:
        case ResolvedNotice():
            return ResolvedEntry(url=told.url, drill=is_drill)
        case CancelledNotice():
            return CancelledEntry(reason=told.reason, drill=is_drill)
        case MergedNotice():
            return MergedEntry(into=told.into, drill=is_drill)

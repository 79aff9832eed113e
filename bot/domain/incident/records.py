"""What the thread and the timeline say of an incident: its notices and entries."""

from datetime import date, datetime
from typing import Self, TypeAlias

from bot.domain.delivery.delivery import Notice
from bot.domain.incident.forms import StartChange, TitleChange
from bot.domain.incident.incident import PersonRef, Phase, Role, UsersAffected
from bot.domain.incident.parts import Resolution
from bot.domain.payloads import UNSET, Json, Unset, keyed
from bot.domain.timeline.entries import EntryData, TimelineKind


class ResolvedNotice(Notice, name="resolved"):
    """The incident was resolved.

    Attributes:
        at: When, since an incident may end several times; None in a row of an older version.
        url: The monitor's message that says so, if it ended by that.
        said: How, in the person's words.
        owner, due_on: Who owes the postmortem, and by when; None: none is required, or the row is older.
        key: Of the interaction that resolved it.
    """

    at: datetime | None = None
    url: str | None = None
    said: Resolution | None = None
    owner: PersonRef | None = None
    due_on: date | None = None
    key: str | None = None


class ResolutionCorrectedNotice(Notice, name="resolution_corrected"):
    """A person has corrected how the incident was resolved.

    Attributes:
        said: As it is now.
    """

    said: Resolution


class CancelledNotice(Notice, name="cancelled"):
    """The incident was cancelled as a false alarm.

    Attributes:
        reason: In the person's words; may be empty.
    """

    reason: str
    at: datetime | None = None


class ReopenedNotice(Notice, name="reopened"):
    """The incident was reopened."""

    reason: str


class MergedNotice(Notice, name="merged"):
    """The incident was merged into another one."""

    into: int
    at: datetime | None = None


class OtherIncidentNotice(Notice):
    """A line about another incident.

    Attributes:
        number: Of the other one.
    """

    number: int


class MergedHereNotice(OtherIncidentNotice, name="merged_here"):
    """Another incident was merged into this one."""


class UnmergedNotice(OtherIncidentNotice, name="unmerged"):
    """An incident that was merged into this one was reopened."""


class LinkedNotice(OtherIncidentNotice, name="linked"):
    """Another incident was linked with the one of the thread."""


class UnlinkedNotice(OtherIncidentNotice, name="unlinked"):
    """The link to another incident was removed."""


class RaisedAgainNotice(OtherIncidentNotice, name="raised_again"):
    """A triage of this ended alert's message has raised another incident."""


class SeverityChangedNotice(Notice, name="severity_changed"):
    """The severity was changed.

    Attributes:
        before, after: Names of severities.
        reason: In the person's words; may be empty.
        merged: The number of the incident whose merge raised this one, instead of a reason.
        next_at: When the next update comes, if that has changed; None: none is planned.
    """

    before: str
    after: str
    reason: str | None = None
    merged: int | None = None
    next_at: datetime | Unset | None = UNSET


class ThreadMovedNotice(Notice, name="thread_moved"):
    """The last line in a thread that was replaced."""


class DetailsChangedNotice(Notice, name="details_changed"):
    """A person corrected the incident's title, its start, or both."""

    title: TitleChange | None = None
    started_at: StartChange | None = None


class RoleChangedNotice(Notice, name="role_changed"):
    """A role was given, handed over or given up.

    Attributes:
        by_id: Who changed it; None for the bot.
        gone: The former holder has left the server.
    """

    role: Role
    holder: PersonRef | None
    former: PersonRef | None
    by_id: int | None = None
    gone: bool = False


class RoleUndeliveredNotice(Notice, name="role_undelivered"):
    """The DM about a role, or about who has the incident, was refused.

    Attributes:
        role: None: the DM was about the incident itself.
        holder: The name of the person who did not get the DM.
    """

    role: Role | None = None
    holder_id: int
    holder: str
    taken_over: bool = False


class UpdatedNotice(Notice, name="updated"):
    """A status update.

    Attributes:
        at: When it was given.
        known, impact: In the person's words; both None for a mere promise of the next update or phase.
        phase: As chosen; None if none was, or in a row of an older version.
        users: Whether users are affected; None if it does not say anything new.
        next_at: When the next one comes; None: none is planned.
        key: Of the interaction that gave it.
    """

    at: datetime
    next_at: datetime | None
    known: str | None = None
    impact: str | None = None
    phase: Phase | None = None
    users: UsersAffected | None = None
    key: str = ""


class UpdateDueNotice(Notice, name="update_due"):
    """The reminder of an update.

    Attributes:
        due_at, reminder: The promise, and how often it was asked for.
        lead, lead_id: The person who led when it was decided; None: the incident had no lead.
        gone: Ids of the people whom it must not ask.
        lapses_at: When the acknowledgement ends if no one answers; None: it does not.
        asks: The on-call place whose person is mentioned when it is sent.
    """

    due_at: datetime
    reminder: int
    lead: str | None
    lead_id: int | None
    gone: tuple[int, ...]
    lapses_at: datetime | None = None
    asks: str | None = None


class OpenedEntry(EntryData, kind=TimelineKind.OPENED):
    """The incident was reported.

    Attributes:
        path: Question and answer of each step of the triage.
        reporter: The name of the person who reported it, if another one, or a clock, raised it.
        started_at: None in a row of an older version.
    """

    severity: str
    path: tuple[tuple[str, ...], ...]
    reporter: str | None = None
    started_at: datetime | None = None


class DeclaredEntry(EntryData, kind=TimelineKind.DECLARED):
    """A tracked alert became an incident."""


class AlertPostedEntry(EntryData, kind=TimelineKind.ALERT_POSTED):
    """The alert was posted.

    Attributes:
        where: Guild, channel and message; for a thread guild and thread.
    """

    where: tuple[int, ...]


class ThreadOpenedEntry(EntryData, kind=TimelineKind.THREAD_OPENED):
    """The thread was opened; attributes as `AlertPostedEntry`."""

    where: tuple[int, ...]


class AcknowledgedEntry(EntryData, kind=TimelineKind.ACKNOWLEDGED):
    """A person acknowledged the incident and is its responder now.

    Attributes:
        via: As `AckVia` has it.
    """

    via: str


class JoinedEntry(EntryData, kind=TimelineKind.JOINED):
    """A further responder joined; attributes as `AcknowledgedEntry`."""

    via: str


class DeclinedEntry(EntryData, kind=TimelineKind.DECLINED):
    """A person on call cannot respond.

    Attributes:
        place, asked: The on-call place, and the person there; an older version wrote the place alone.
        to: The place that is paged instead; None: no place is left.
        ladder: The number of the incident's ladder, from 0.
    """

    place: str | None
    to: str | Unset | None = UNSET
    asked: str | None
    ladder: int


class SeverityChangedEntry(EntryData, kind=TimelineKind.SEVERITY_CHANGED):
    """The severity was changed; attributes as `SeverityChangedNotice`."""

    before: str
    after: str
    reason: str | None = None
    merged: int | None = None
    next_at: datetime | Unset | None = UNSET


class DetailsChangedEntry(EntryData, kind=TimelineKind.DETAILS_CHANGED):
    """Title, start, targets or symptoms were corrected; None: unchanged."""

    title: TitleChange | None = None
    started_at: StartChange | None = None
    targets: tuple[str, ...] | None = None
    symptoms: tuple[str, ...] | None = None


class RoleChangedEntry(EntryData, kind=TimelineKind.ROLE_CHANGED):
    """A role was given, handed over or given up; attributes as `RoleChangedNotice`."""

    role: str
    holder: PersonRef | None
    former: PersonRef | None
    gone: bool = False

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """Read it; the first version wrote the holder's name alone."""
        holder = stored.get("holder")
        known = {"holder": {"id": 0, "name": holder}} if isinstance(holder, str) else {}
        return super().from_json({**stored, **known})


class StepDoneEntry(EntryData, kind=TimelineKind.STEP_DONE):
    """A step of the first-response sheet was ticked.

    Attributes:
        number: From 1.
        words: Its text, by language: the sheet may be edited.
    """

    severity: str
    number: int
    words: dict[str, str]


class StepUndoneEntry(EntryData, kind=TimelineKind.STEP_UNDONE):
    """Its tick was taken back; attributes as `StepDoneEntry`."""

    severity: str
    number: int
    words: dict[str, str]


class UpdatedEntry(EntryData, kind=TimelineKind.UPDATED):
    """A status update; attributes as `UpdatedNotice`."""

    next_at: datetime | None
    known: str | None = None
    impact: str | None = None
    phase: Phase | None = None
    users: UsersAffected | None = None


class UpdateDueEntry(EntryData, kind=TimelineKind.UPDATE_DUE):
    """A reminder of an update; attributes as `UpdateDueNotice`."""

    due_at: datetime | Unset = UNSET
    reminder: int
    lead: str | None
    lapses_at: datetime | None = None


class LinkedEntry(EntryData, kind=TimelineKind.LINKED):
    """Another incident is related, or was merged into this one.

    Attributes:
        with_, merged: The number of the other one.
    """

    with_: int | None = keyed("with", default=None)
    merged: int | None = None


class UnlinkedEntry(EntryData, kind=TimelineKind.UNLINKED):
    """The link to another incident was removed."""

    with_: int | None = keyed("with", default=None)


class UnmergedEntry(EntryData, kind=TimelineKind.UNMERGED):
    """An incident that was merged into this one was reopened."""

    with_: int | None = keyed("with", default=None)


class MergedEntry(EntryData, kind=TimelineKind.MERGED):
    """The incident was merged into another one; *into* is left out for readers who may not see that one."""

    into: int | None = None
    drill: bool = False


class ResolvedEntry(EntryData, kind=TimelineKind.RESOLVED):
    """The incident was resolved.

    Attributes:
        url: The monitor's message that says so, if it ended by that.
        drill: It was a drill.
        said: How, in the person's words; None: without words, or in a row of an older version.
        owner, due_on: Who owes the postmortem, and by when; None: no postmortem is required.
    """

    url: str | None = None
    drill: bool = False
    said: Resolution | None = None
    owner: PersonRef | None = None
    due_on: date | None = None


class ResolutionCorrectedEntry(EntryData, kind=TimelineKind.RESOLUTION_CORRECTED):
    """A person has corrected how it was resolved.

    Attributes:
        said: As it is now.
    """

    said: Resolution | None = None


class CancelledEntry(EntryData, kind=TimelineKind.CANCELLED):
    """The incident was cancelled as a false alarm, or as a drill that is over."""

    reason: str
    drill: bool = False


class ReopenedEntry(EntryData, kind=TimelineKind.REOPENED):
    """The incident was reopened."""

    reason: str


#: The notices of the ends that an incident may have.
End: TypeAlias = ResolvedNotice | CancelledNotice | MergedNotice


def entry_of(notice: End, *, is_drill: bool) -> EntryData:
    """Return the timeline entry for the notice of an end."""
    match notice:
        case ResolvedNotice():
            return ResolvedEntry(
                url=notice.url,
                drill=is_drill,
                said=notice.said,
                owner=notice.owner,
                due_on=notice.due_on,
                key=notice.key,
            )
        case CancelledNotice():
            return CancelledEntry(reason=notice.reason, drill=is_drill)
        case MergedNotice():
            return MergedEntry(into=notice.into, drill=is_drill)

"""What the lines in an incident's thread say about the incident itself."""

from datetime import date, datetime

from bot.domain.delivery.notices import Notice
from bot.domain.incident.aftermath import Resolution
from bot.domain.incident.incident import PersonRef, Phase, Role, UsersAffected
from bot.domain.incident.title_and_start import StartChange, TitleChange
from bot.domain.payloads import UNSET, Unset


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
    """The DM about a role was refused.

    Attributes:
        holder: The name of the person who did not get the DM.
    """

    role: Role
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

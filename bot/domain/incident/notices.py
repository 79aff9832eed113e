"""What the lines in an incident's thread say about the incident itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.delivery.notices import Notice
from bot.domain.incident.incident import Role
from bot.domain.incident.title_and_start import StartChange, TitleChange
from bot.domain.payloads import UNSET, Payload, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedNotice(Notice):
    """The incident is resolved.

    Attributes:
        at: When, since an incident may end several times; None in a row of an older version.
        url: The monitor's message that says so, if it ended by that.
    """

    name: ClassVar = "resolved"

    at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledNotice(Notice):
    """It was a false alarm.

    Attributes:
        reason: In the person's words; may be empty.
    """

    name: ClassVar = "cancelled"

    reason: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenedNotice(Notice):
    """It goes on."""

    name: ClassVar = "reopened"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedNotice(Notice):
    """It was merged into another one."""

    name: ClassVar = "merged"

    into: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherIncidentNotice(Notice):
    """A line about another incident.

    Attributes:
        number: Of the other one.
    """

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedHereNotice(OtherIncidentNotice):
    """Another incident was merged into this one."""

    name: ClassVar = "merged_here"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmergedNotice(OtherIncidentNotice):
    """An incident that was merged into this one goes on by itself."""

    name: ClassVar = "unmerged"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedNotice(OtherIncidentNotice):
    """Another incident is related."""

    name: ClassVar = "linked"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedNotice(OtherIncidentNotice):
    """It is not related after all."""

    name: ClassVar = "unlinked"


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedAgainNotice(OtherIncidentNotice):
    """A triage of this ended alert's message has raised another incident."""

    name: ClassVar = "raised_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChangedNotice(Notice):
    """The severity is another.

    Attributes:
        before, after: Names of severities.
        reason: In the person's words; may be empty.
        merged: The number of the incident whose merge raised this one, instead of a reason.
        next_at: When the next update comes, if that has changed; None: none is planned.
    """

    name: ClassVar = "severity_changed"

    before: str
    after: str
    reason: str | None = None
    merged: int | None = None
    next_at: datetime | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMovedNotice(Notice):
    """The farewell in a former thread."""

    name: ClassVar = "thread_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsChangedNotice(Notice):
    """Title, start or both were corrected."""

    name: ClassVar = "details_changed"

    title: TitleChange | None = None
    started_at: StartChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Payload):
    """A person as a payload keeps them."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChangedNotice(Notice):
    """A role has another holder, or none.

    Attributes:
        by_id: Who changed it; None for the bot.
        gone: The former holder has left the server.
    """

    name: ClassVar = "role_changed"

    role: Role
    holder: Named | None
    former: Named | None
    by_id: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUndeliveredNotice(Notice):
    """The DM about a role was refused.

    Attributes:
        holder: The name of the person who does not know of it.
    """

    name: ClassVar = "role_undelivered"

    role: Role
    holder_id: int
    holder: str
    taken_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatedNotice(Notice):
    """A status update.

    Attributes:
        at: When it was given.
        known, impact: In the person's words; both None for a mere promise of the next update.
        next_at: When the next one comes; None: none is planned.
        key: Of the interaction that gave it.
    """

    name: ClassVar = "updated"

    at: datetime
    next_at: datetime | None
    known: str | None = None
    impact: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDueNotice(Notice):
    """The reminder of an update.

    Attributes:
        due_at, reminder: The promise, and how often it was asked for.
        lead, lead_id: Whom it was decided for; None: no person leads.
        gone: Ids of the people whom it must not ask.
        lapses_at: When the acknowledge ends if nobody answers; None: it does not.
        asks: The on-call place whose person is mentioned when it is sent.
    """

    name: ClassVar = "update_due"

    due_at: datetime
    reminder: int
    lead: str | None
    lead_id: int | None
    gone: tuple[int, ...]
    lapses_at: datetime | None = None
    asks: str | None = None

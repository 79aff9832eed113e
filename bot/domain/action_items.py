"""An action item: what is to be done after an incident, by whom, by when, and how people see that it helped.

Source: the runbook, 再発防止: AI (action item) を SMART 形式で起こし、Owner / 期限 / 検証方法を明記.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.payloads import Payload


class ActionStatus(StrEnum):
    """The stored state of an action item."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class ActionState(StrEnum):
    """The state of an action item as people read it."""

    OPEN = "open"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    DONE = "done"  # no alert is watched for it
    WATCHED = "watched"  # done; verified once its alert has been silent for long enough
    VERIFIED = "verified"
    DROPPED = "dropped"


class ActionSource(StrEnum):
    """Where a person added an action item."""

    COMMAND = "command"
    BUTTON = "button"
    MESSAGE = "message"  # the menu of a message
    GITHUB = "github"


class Reopening(Payload):
    """The last time that a closed item was opened again.

    Attributes:
        by: The name of the person; None: its alert has fired.
        reason: In the person's words; may be empty.
        incident_id: The number of the tracked alert or incident that fired.
    """

    at: datetime
    by: str | None = None
    reason: str = ""
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class WatchedAlert:
    """An alert that must not fire again.

    Attributes:
        fingerprint: As `bot.domain.alerts.alert.fingerprint_of`.
        title: As the alert was tracked; only for people. Empty where it must not be shown: it is private.
    """

    fingerprint: str
    title: str


@dataclass(frozen=True, slots=True)
class ActionItem:
    """One action item as stored. Every datetime is aware.

    Attributes:
        id: Shown as AI-<id>.
        due_on, verification: As in `NewActionItem`.
        alert: The alert that must not fire again once it is done; None if none was named.
        closed: Who marked it as done or dropped it; None while it is open.
        reason: Why it was dropped; empty otherwise.
        watched_until: When it counts as verified if its alert stays silent; None if no alert is watched.
        verified_at: When it did.
        fired_at, fired_in: When its alert fired after it was done, and the incident that this counts on.
        reopenings: How often it was opened again.
        next_at: When it must be looked at next; None for never.
        version: Grows with each change.
    """

    id: int
    guild_id: int
    incident_id: int | None
    what: str
    owner: PersonRef
    due_on: date
    verification: str
    source: ActionSource
    created: ByPerson
    status: ActionStatus = ActionStatus.OPEN
    alert: WatchedAlert | None = None
    closed: ByPerson | None = None
    reason: str = ""
    watched_until: datetime | None = None
    verified_at: datetime | None = None
    fired_at: datetime | None = None
    fired_in: int | None = None
    reopened: Reopening | None = None
    reopenings: int = 0
    next_at: datetime | None = None
    version: int = 1

    @property
    def label(self) -> str:
        """Return the name people use: AI-7."""
        return action_label(self.id)

    @property
    def is_open(self) -> bool:
        """Return True while the item needs work."""
        return self.status is ActionStatus.OPEN

    def is_overdue(self, today: date) -> bool:
        """Return True if the item is open and its due day has passed."""
        return self.is_open and self.due_on < today

    def state(self, today: date) -> ActionState:
        """Return the state that people read on the local day *today*."""
        match self.status:
            case ActionStatus.DROPPED:
                return ActionState.DROPPED
            case ActionStatus.DONE if self.verified_at is not None:
                return ActionState.VERIFIED
            case ActionStatus.DONE:
                return ActionState.DONE if self.watched_until is None else ActionState.WATCHED
        if self.due_on == today:
            return ActionState.DUE_TODAY
        return ActionState.OVERDUE if self.is_overdue(today) else ActionState.OPEN


@dataclass(frozen=True, slots=True)
class OpenAction:
    """An open item for a report that everyone reads.

    Attributes:
        is_private: Its incident is private: it may be counted, and nothing of it shown.
        is_drill: Its incident is a drill.
    """

    item: ActionItem
    is_private: bool
    is_drill: bool


def action_label(number: int) -> str:
    """Return the name people use for action item *number*: AI-7."""
    return f"AI-{number}"

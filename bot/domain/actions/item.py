"""An action item: what is to be done after an incident, by whom, by when, and how people see that it helped.

Source: the runbook, 再発防止: AI (action item) を SMART 形式で起こし、Owner / 期限 / 検証方法を明記.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from bot.domain.errors import UserError
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.payloads import Payload
from bot.domain.text import half_width

#: Characters of what is to be done, of how it will be verified, and of a reason.
WHAT_LIMIT: Final = 300
VERIFY_LIMIT: Final = 300
REASON_LIMIT: Final = 300

_LABEL: Final = re.compile(r"(?:AI-?|#)?(\d{1,18})", re.IGNORECASE | re.ASCII)


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
class NewActionItem:
    """The facts with which an action item is added. They have passed `bot.domain.actions.smart`.

    Attributes:
        incident_id: The incident that it follows from; None for none.
        due_on: A day where the policy's timezone counts it; the item is overdue from the next day on.
        verification: How people will see that it has helped.
        key: Idempotency key: the same key adds one item ("interaction:123").
        next_at: When the owner is reminded first.
    """

    guild_id: int
    incident_id: int | None
    what: str
    owner: PersonRef
    due_on: date
    verification: str
    source: ActionSource
    key: str
    alert: WatchedAlert | None = None
    next_at: datetime | None = None


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


class ActionNotFound(UserError):
    """No action item has this number, or it is not this person's to see."""

    def __init__(self, *, number: object) -> None:
        super().__init__("action_item.not_found", number=number)


def action_label(number: int) -> str:
    """Return the name people use for action item *number*: AI-7."""
    return f"AI-{number}"


def action_number(text: str) -> int:
    """Return the number of an action item as people type it: "AI-7", "ai7", "7".

    Raises:
        ActionNotFound: *text* is no number.
    """
    found = _LABEL.fullmatch(half_width(text).strip())
    if found is None:
        raise ActionNotFound(number=text)
    return int(found[1])

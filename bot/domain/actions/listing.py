"""Which action items a list shows, and which alerts an item may name."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.actions.item import ActionItem


class ActionView(StrEnum):
    """The lists of `/action list`."""

    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"  # done, verified and dropped items


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """The conditions for an action item to be listed; one that is None holds for every item.

    Attributes:
        today: The local day, which decides what is overdue.
        owner_id: It is this person's.
        incident_id: It belongs to this incident.
        words: A part of the label (AI-7) or of what is to be done; upper and lower case count as the same.
        viewer: The id of the user who reads the list. They see the items of private incidents that name them.
        sees_all: *viewer* sees every private incident.
    """

    today: date
    view: ActionView = ActionView.OPEN
    owner_id: int | None = None
    incident_id: int | None = None
    words: str | None = None
    viewer: int = 0
    sees_all: bool = False


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


@dataclass(frozen=True, slots=True)
class AlertSearch:
    """The conditions for an alert to be offered.

    Attributes:
        since: It was seen then or later; aware. The alerts of the incident itself may be older.
        incident_id: The incident whose own alert, and those merged into it or linked with it, come first.
        words: A part of the title; upper and lower case count as the same.
        fingerprint: It is this alert.
        viewer, sees_all: As in `ActionFilter`.
    """

    since: datetime
    incident_id: int | None = None
    words: str | None = None
    fingerprint: str | None = None
    viewer: int = 0
    sees_all: bool = False

"""The data of the timeline entries about action items."""

from datetime import date, datetime

from bot.domain.actions.item import ActionItem
from bot.domain.payloads import keyed
from bot.domain.timeline.entries import EntryData, TimelineKind


class ActionEntry(EntryData):
    """Something happened to an action item.

    Attributes:
        item: Its number.
        what: What is to be done.
    """

    item: int
    what: str


class ActionAddedEntry(ActionEntry, kind=TimelineKind.ACTION_ADDED):
    """The item was added.

    Attributes:
        owner: The name of its owner.
    """

    owner: str
    due_on: date | None = None
    verification: str = ""


class ActionEditedEntry(ActionEntry, kind=TimelineKind.ACTION_EDITED):
    """The item was changed; what has not changed is None.

    Attributes:
        before: What was to be done before.
        alert: The title of the alert that is watched for.
    """

    before: str | None = None
    owner: str | None = None
    due_on: date | None = None
    verification: str | None = None
    alert: str | None = None

    @classmethod
    def of(cls, before: ActionItem, now: ActionItem) -> "ActionEditedEntry":
        """Return the entry about the difference between two states of an item."""
        is_new_alert = now.alert is not None and now.alert != before.alert
        return cls(
            item=now.id,
            what=now.what,
            before=before.what if before.what != now.what else None,
            owner=now.owner.name if before.owner != now.owner else None,
            due_on=now.due_on if before.due_on != now.due_on else None,
            verification=now.verification if before.verification != now.verification else None,
            alert=now.alert.title if now.alert is not None and is_new_alert else None,
        )


class ActionDoneEntry(ActionEntry, kind=TimelineKind.ACTION_DONE):
    """The item was marked as done.

    Attributes:
        watched_until: When it counts as verified if its alert stays silent; None if none is watched.
    """

    watched_until: datetime | None = None


class ActionDroppedEntry(ActionEntry, kind=TimelineKind.ACTION_DROPPED):
    """An action item was dropped, for *reason*."""

    reason: str


class ActionReopenedEntry(ActionEntry, kind=TimelineKind.ACTION_REOPENED):
    """The item was opened again.

    Attributes:
        reason: In the person's words; None when its alert fired.
        with_: The number of the alert or incident that fired.
    """

    reason: str | None = None
    with_: int | None = keyed("with", default=None)


class ActionVerifiedEntry(ActionEntry, kind=TimelineKind.ACTION_VERIFIED):
    """The item's alert has been silent for as long as the policy asks."""

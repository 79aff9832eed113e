"""What the lines in an incident's thread say about its action items."""

from datetime import date, datetime

from bot.domain.delivery.notices import Notice


class ActionNotice(Notice):
    """A line about an action item.

    Attributes:
        item: Its number.
        what: What is to be done.
    """

    item: int
    what: str


class ActionAddedNotice(ActionNotice, name="action_added"):
    """The item was added.

    Attributes:
        owner: The name of its owner.
    """

    owner: str
    due_on: date
    verification: str


class ActionEditedNotice(ActionNotice, name="action_edited"):
    """The item was changed, and is so now. Attributes as `ActionAddedNotice`."""

    owner: str
    due_on: date
    verification: str


class ActionDoneNotice(ActionNotice, name="action_done"):
    """The item was marked as done.

    Attributes:
        watched_until: When it counts as verified if its alert stays silent; None if none is watched.
    """

    watched_until: datetime | None = None


class ActionDroppedNotice(ActionNotice, name="action_dropped"):
    """An action item was dropped, for *reason*."""

    reason: str


class ActionReopenedNotice(ActionNotice, name="action_reopened"):
    """The item was opened again.

    Attributes:
        reason: In the person's words; may be empty.
        owner: The name of its owner.
        fired: Its alert fired.
        number: Of the alert or incident that fired; None if readers of the thread may not know it.
    """

    owner: str
    reason: str | None = None
    fired: bool = False
    number: int | None = None


class ActionVerifiedNotice(ActionNotice, name="action_verified"):
    """The item's alert has been silent for as long as the policy asks."""


class ActionDueNotice(ActionNotice, name="action_due"):
    """The item waits, and its owner does not read the DMs about it, or has had enough of them.

    Attributes:
        lead_id, owner: The owner; *lead_id* is mentioned, None mentions no one.
        is_overdue: Its day has passed.
        refused: The owner takes no DM.
    """

    owner: str
    due_on: date
    lead_id: int | None = None
    is_overdue: bool = True
    refused: bool = False

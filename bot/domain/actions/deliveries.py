"""What the DMs about action items carry."""

from datetime import date, datetime
from enum import StrEnum

from bot.domain.actions.item import ActionItem
from bot.domain.payloads import Payload


class ActionDmReason(StrEnum):
    """Why a person gets a DM about an action item."""

    ASSIGNED = "assigned"
    AHEAD = "ahead"
    TODAY = "today"
    OVERDUE = "overdue"
    FIRED = "fired"  # it was done, and its alert fired again
    OWNER_LEFT = "owner_left"  # the reader leads the incident, or is on call


class ActionDm(Payload):
    """A DM about an action item, with the item as it was when the DM was queued.

    Attributes:
        item: Its number.
        owner, owner_id: Its owner, who is not always the reader.
        by: The name of the person who gave it to the reader; empty for a reminder.
        day: The local day on which the DM was queued.
        fired_at: When its alert fired.
    """

    item: int
    why: ActionDmReason
    what: str
    owner: str
    owner_id: int
    due_on: date
    verification: str
    by: str = ""
    day: date | None = None
    fired_at: datetime | None = None

    @classmethod
    def about(cls, item: ActionItem, why: ActionDmReason, *, day: date, by: str = "") -> "ActionDm":
        """Return the DM about *item* as it is now.

        Args:
            day: The local day.
            by: As in the attributes.
        """
        return cls(
            item=item.id,
            why=why,
            what=item.what,
            owner=item.owner.name,
            owner_id=item.owner.id,
            due_on=item.due_on,
            verification=item.verification,
            by=by,
            day=day,
            fired_at=item.fired_at if why is ActionDmReason.FIRED else None,
        )

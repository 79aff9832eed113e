"""What the lines in an incident's thread say about its postmortem."""

from datetime import date
from enum import StrEnum

from bot.domain.delivery.notices import Notice
from bot.domain.incident.incident import PersonRef


class PostmortemDoneNotice(Notice, name="postmortem_done"):
    """The postmortem is done.

    Attributes:
        merged: The address of the pull request whose merge ended it.
    """

    merged: str | None = None


class PostmortemOwedNotice(Notice, name="postmortem_owed"):
    """A person has undone that the postmortem is done."""

    owner: PersonRef
    due_on: date


class PostmortemOwnerNotice(Notice, name="postmortem_owner"):
    """The postmortem was handed over, or its date moved.

    Attributes:
        owner, former: The same person if only the date moved.
        due_before: The former date, if it moved.
    """

    owner: PersonRef
    former: PersonRef
    due_on: date
    due_before: date | None = None


class PostmortemOccasion(StrEnum):
    """Why the thread is asked for a postmortem."""

    OVERDUE = "overdue"  # the last reminder
    UNDELIVERED = "undelivered"  # the owner's DM was refused
    GONE = "gone"  # the owner has left the server
    HIDDEN = "hidden"  # the owner may not see the private incident any more


class PostmortemDueNotice(Notice, name="postmortem_due"):
    """The reminder of a postmortem in the thread.

    Attributes:
        owner: The owner, who is mentioned unless `why` says that they are away.
        lead: Who is asked instead of an owner who is away: they led the incident; None: they are away, too.
        asks: The on-call place whose person is mentioned when it is sent, if there is no lead either.
    """

    why: PostmortemOccasion
    owner: PersonRef
    due_on: date
    lead: PersonRef | None = None
    asks: str | None = None

"""The data of the timeline entries about an incident's postmortem."""

from datetime import date

from bot.domain.incident.aftermath import PostmortemReminderStage
from bot.domain.incident.incident import PersonRef
from bot.domain.timeline.entries import EntryData, TimelineKind


class PostmortemOwnerEntry(EntryData, kind=TimelineKind.POSTMORTEM_OWNER):
    """The postmortem was handed over, or its date moved.

    Attributes:
        owner, former: The new owner, and the one before; the same person if only the date moved.
        due_before: The former date, if it moved.
    """

    owner: PersonRef
    former: PersonRef
    due_on: date | None = None
    due_before: date | None = None


class PostmortemDoneEntry(EntryData, kind=TimelineKind.POSTMORTEM_DONE):
    """The postmortem is done.

    Attributes:
        merged: The address of the pull request whose merge ended it; None: a person said so.
    """

    merged: str | None = None


class PostmortemOwedEntry(EntryData, kind=TimelineKind.POSTMORTEM_OWED):
    """A person has undone that the postmortem is done."""

    due_on: date | None = None


class PostmortemRemindedEntry(EntryData, kind=TimelineKind.POSTMORTEM_REMINDED):
    """Its owner was reminded.

    Attributes:
        stage: Which reminder it was.
        owner: Its owner then, by name.
        is_away: The owner has left the server or may not see the incident, so others were asked.
    """

    stage: PostmortemReminderStage | None = None
    owner: str
    is_away: bool = False

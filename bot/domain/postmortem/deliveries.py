"""What the deliveries about a postmortem carry."""

from datetime import date
from enum import StrEnum

from bot.domain.incident.aftermath import PostmortemReminderStage
from bot.domain.payloads import Payload


class Occasion(StrEnum):
    """Why the owner of a postmortem gets a DM that is no reminder."""

    GIVEN = "given"  # another person has handed it over to them
    RESOLVED = "resolved"  # the incident was resolved, and they own its postmortem by the policy
    REDATED = "redated"  # another person has moved its date


class PostmortemDm(Payload):
    """A DM to the owner of a postmortem.

    Attributes:
        owner_id, owner: Its reader.
        stage: Which reminder it is; None: it is none, and `occasion` says what it is.
        by: The name of the person who gave it to them, or moved its date.
    """

    owner_id: int
    owner: str
    due_on: date
    stage: PostmortemReminderStage | None = None
    by: str | None = None
    occasion: Occasion = Occasion.GIVEN

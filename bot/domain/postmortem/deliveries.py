"""What the deliveries about a postmortem carry."""

from datetime import date

from bot.domain.incident.aftermath import ReminderStage
from bot.domain.payloads import Payload


class PostmortemDm(Payload):
    """A DM to the owner of a postmortem.

    Attributes:
        owner_id, owner: Its reader.
        stage: Which reminder it is; None: another person has just given them the postmortem.
        by: The name of that person.
    """

    owner_id: int
    owner: str
    due_on: date
    stage: ReminderStage | None = None
    by: str | None = None

"""What a person has taught about the messages of a sender that look alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.alerts.question import AlertAnswer
from bot.domain.alerts.recognition import Clue, Says

#: The part of a message that a `Clue` of a lesson names.
LESSON: Final = "lesson"

#: What an answer about one message says about those that look like it.
TAUGHT_BY: Final = {
    AlertAnswer.TRACKED: Says.FIRING,
    AlertAnswer.RESOLVED: Says.RESOLVED,
    AlertAnswer.CHATTER: Says.CHATTER,
}

_WORDS_LIMIT: Final = 60
_WEIGHT: Final = 100.0  # a person's word is stronger than anything in a message


@dataclass(frozen=True, slots=True)
class NewLesson:
    """A lesson that a person teaches.

    Attributes:
        sender: As `AlertMessage.sender`.
        look: As `Reading.look`.
        says: What such a message means.
        title, url: Of the message by which it is taught.
    """

    guild_id: int
    sender: str
    look: str
    says: Says
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class AlertLesson(NewLesson):
    """A lesson that holds until a person removes it.

    Attributes:
        at: When it was taught, aware.
        applied: How often it has decided about a message since, in the time for which decisions are kept.
    """

    id: int
    by_id: int
    by_name: str
    at: datetime
    applied: int = 0

    @property
    def sender_name(self) -> str:
        """Return the name that the sender posts under."""
        return self.sender.partition(":")[2]

    @property
    def clue(self) -> Clue:
        """Return the lesson as evidence for what a message says."""
        return Clue(self.says, LESSON, self.look[:_WORDS_LIMIT], _WEIGHT)

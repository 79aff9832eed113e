"""Whether a message of others is an alert: asked in its channel when no pattern says so."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.incident.incident import Incident
from bot.domain.triage.evidence import Evidence


class Answer(StrEnum):
    """What somebody has said to it."""

    TRACKED = "tracked"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Question:
    """One message that nobody understands.

    Attributes:
        sender: As `AlertMessage.sender`.
        severity: The name of the one that it would be tracked under.
        target: What it is about, if it says so.
        evidence: The message.
        answer: None: nobody has answered.
        answered_by_name: Who has.
    """

    guild_id: int
    channel_id: int
    message_id: int
    sender: str
    fingerprint: str
    severity: str
    title: str
    target: str | None
    evidence: Evidence
    answer: Answer | None = None
    answered_by_name: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as its line shows it.

    Attributes:
        incident: What the message is tracked as.
    """

    question: Question
    incident: Incident | None

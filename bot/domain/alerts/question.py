"""The question whether a message is an alert, asked in its channel when no pattern matches it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.incident.incident import Incident
from bot.domain.triage.evidence import Evidence


class AlertAnswer(StrEnum):
    """The answer to a question."""

    TRACKED = "tracked"  # it is an alert; also when nobody has answered in time
    RESOLVED = "resolved"  # it says that an alert is over
    CHATTER = "chatter"  # it is neither
    IGNORED = "ignored"  # its sender is


@dataclass(frozen=True, slots=True)
class AlertQuestion:
    """The question about one message that no pattern matches.

    Attributes:
        sender: As `AlertMessage.sender`.
        severity: The name of the severity that it would be tracked under.
        target: The target of the message, if it names one.
        subject: What it is about, as a reading has it; None: asked by an older version.
        evidence: The message.
        answer: None while there is no answer.
        answered_by_name: The person who answered; None as well once it is tracked without an answer.
        look: As `Reading.look`.
        tracks_at: When the message is tracked unless a person answers, aware; None: never, or it is settled.
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
    subject: str | None = None
    answer: AlertAnswer | None = None
    answered_by_name: str | None = None
    look: str = ""
    tracks_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as its line shows it.

    Attributes:
        incident: The tracked alert that the message became.
    """

    question: AlertQuestion
    incident: Incident | None

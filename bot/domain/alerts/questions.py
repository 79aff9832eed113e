"""What people say of alerts: answers, lessons and verdicts, and what is stored of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.alerts.recognition import Clue, Says
from bot.domain.delivery.delivery import Notice
from bot.domain.incident.incident import Incident
from bot.domain.payloads import Payload
from bot.domain.timeline.entries import EntryData, TimelineKind
from bot.domain.triage.session import Evidence


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
        team: Whose alert it is, if its target does not say so.
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
    team: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as its line shows it.

    Attributes:
        incident: The tracked alert that the message became.
    """

    question: AlertQuestion
    incident: Incident | None


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


class RepeatedEntry(EntryData, kind=TimelineKind.REPEATED):
    """The same alert came again.

    Attributes:
        count: How often it came.
    """

    count: int | None
    url: str


class RecoveredEntry(EntryData, kind=TimelineKind.RECOVERED):
    """The monitor says that the alert is over."""

    url: str


class RecoveredNotice(Notice, name="recovered"):
    """The monitor says that the alert is over; a person decides whether it is.

    Attributes:
        url: The monitor's message.
    """

    url: str


class FiresAgainNotice(Notice, name="fires_again"):
    """The alert came again after the monitor had said that it was over.

    Attributes:
        count: How often it came.
    """

    url: str
    count: int = 0


class AlertQuestionData(Payload):
    """The question whether a message is an alert.

    Attributes:
        answers: The message's id.
        sender: The name of its author.
        title, severity: What it would be tracked as.
        tracks_at: When it is tracked unless somebody answers; None: never.
        said, url: What it says and where it is, for a reader who is elsewhere.
    """

    answers: int
    sender: str
    title: str
    severity: str
    tracks_at: datetime | None = None
    said: str = ""
    url: str = ""


class AlertsSkippedData(Payload):
    """The note that older messages were not read.

    Attributes:
        before, url: Time and address of the oldest message that was read.
        rings: It mentions the people who are online.
    """

    url: str
    rings: bool
    before: datetime | None = None

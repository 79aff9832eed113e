"""What entries, notices and deliveries hold about the messages of monitors."""

from datetime import datetime

from bot.domain.delivery.notices import Notice
from bot.domain.payloads import Payload
from bot.domain.timeline.entries import EntryData, TimelineKind


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

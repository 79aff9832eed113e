"""What the deliveries about a watched channel carry."""

from datetime import datetime

from bot.domain.payloads import Payload


class AlertQuestionData(Payload):
    """The question whether a message is an alert.

    Attributes:
        answers: The message's id.
        sender: The name of its author.
        title, severity: What it would be tracked as.
    """

    answers: int
    sender: str
    title: str
    severity: str


class AlertsSkippedData(Payload):
    """The note that older messages were not read.

    Attributes:
        before, url: Time and address of the oldest message that was read.
        rings: It mentions the people who are online.
    """

    url: str
    rings: bool
    before: datetime | None = None

"""One time that an alert came, or was over: whether a message in Discord said so or an event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.alerts.recognition import Clue
from bot.domain.alerts.rules import AlertRule
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy

#: The channel of what was said in none.
NO_CHANNEL: Final = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a monitor has said something about an alert.

    Attributes:
        id: Of the message or event; of two, the later one has the higher id.
        channel_id: Where the message is; `NO_CHANNEL` for an event.
        sender: Two monitors may report one alert; each says for itself that it is over.
        by: The monitor, as people read it.
        at: When it was said, aware.
        url: The message, or where to read more; may be empty.
        severity: Of the alert, by what was said.
        same_within: How long it counts as the same alert; None: as the policy says for all.
        is_readable: It says what the alert is about.
        nth: Its place among the events that came together.
        title: What it is about, one line.
        target: What is affected, if it says so.
        subject: What it is about, as a reading has it; empty for an event.
        is_success: It says that some work went well.
        rule: The policy's rule about it, if there is one.
        clues: By what it is known what it says, the strongest first.
        lesson: The number of the `AlertLesson` by which it is read, if there is one.
    """

    guild_id: int
    id: int
    channel_id: int
    sender: str
    fingerprint: str
    by: Person
    at: datetime
    url: str
    severity: SeverityPolicy
    same_within: timedelta | None = None
    is_readable: bool = True
    nth: int = 0
    title: str = ""
    target: str | None = None
    rule: AlertRule | None = None
    subject: str = ""
    is_success: bool = False
    clues: tuple[Clue, ...] = ()
    lesson: int | None = None


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert that a sender has posted.

    Attributes:
        number: Of its incident.
        subject: As in `Occurrence`; None: opened by a version that kept none.
        is_open: It still fires, or waits for an answer; else it is over and muted.
    """

    number: int
    fingerprint: str
    title: str
    subject: str | None
    is_open: bool = True

"""Where an incident is in Discord: its alert post, its thread, and the message that it tracks."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.payloads import Payload


@dataclass(frozen=True, slots=True)
class AlertPost:
    """The alert post of an incident.

    Attributes:
        number: The number of the current one, from 1: a change of severity may post another.
        channel_id, message_id: Set once Discord has them.
    """

    number: int = 1
    channel_id: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentThread:
    """The thread of an incident.

    Attributes:
        id: Set once Discord has it.
        posting: The number of the alert post with which it was opened, see `AlertPost.number`.
        channel: The policy's name of the channel that it hangs in; None without a thread.
        archive_at: When the thread of an ended incident is archived.
    """

    id: int | None = None
    posting: int = 1
    channel: str | None = None
    archive_at: datetime | None = None


class Source(Payload, kw_only=False):
    """The message that is tracked as an alert.

    Attributes:
        author: The name that it was posted under.
    """

    channel_id: int
    message_id: int
    author: str


@dataclass(frozen=True, slots=True)
class Tracked:
    """The alert of a monitor that an incident tracks; all defaults for any other incident.

    Attributes:
        fingerprint: Messages with the same one count on this incident.
        occurrences, last_seen_at: How often it came, and when last.
    """

    source: Source | None = None
    fingerprint: str | None = None
    occurrences: int = 1
    last_seen_at: datetime | None = None

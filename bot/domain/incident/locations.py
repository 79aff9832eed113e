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


class AlertOrigin(Payload, kw_only=False):
    """The monitor of an alert that came as an event: no message in Discord says it.

    Attributes:
        sender: As the policy calls it.
        label: As people read it.
        url: Where to read more; empty: it named no such place.
        channel: Where the policy wants it posted; empty: in the channel of its severity.
    """

    sender: str
    label: str
    url: str = ""
    channel: str = ""


class AlertWait(Payload):
    """What an alert has waited for before it was tracked.

    Attributes:
        count: How often it had come by then.
        within_s: A rule waits until it came so often within that time, seconds; None without a rule.
        window: The target of the maintenance window that has held it; empty without one.
    """

    count: int
    within_s: float | None = None
    window: str = ""


@dataclass(frozen=True, slots=True)
class Tracked:
    """The alert of a monitor that an incident tracks; all defaults for any other incident.

    Attributes:
        source: The monitor's message, if the alert came as one.
        fingerprint: Messages and events with the same one count on this incident.
        occurrences, last_seen_at: How often it came, and when last.
        origin: The monitor, if the alert came as an event.
        waited: What it has waited for before it was tracked, if for anything.
    """

    source: Source | None = None
    fingerprint: str | None = None
    occurrences: int = 1
    last_seen_at: datetime | None = None
    origin: AlertOrigin | None = None
    waited: AlertWait | None = None

    @property
    def monitor(self) -> str | None:
        """Return the name of the monitor, as people read it; None if a person has reported the incident."""
        if self.origin is not None:
            return self.origin.label
        return None if self.source is None else self.source.author

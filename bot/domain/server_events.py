"""The scheduled events of a Discord server: what its own list of events shows."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EventShown:
    """What an event shows.

    Attributes:
        location: Where, in words: it is in no channel.
        starts_at, ends_at: Whole seconds.
    """

    name: str
    description: str
    location: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """An event that the bot has made and that is not over.

    Attributes:
        has_begun: By itself at its start, or by a person's hand before.
    """

    id: int
    shown: EventShown
    has_begun: bool = False

    def shows(self, wanted: EventShown) -> bool:
        """Return True if its name, place and times are those. A note in its description does no harm."""
        own = self.shown
        return (own.name, own.location, own.starts_at, own.ends_at) == (
            wanted.name,
            wanted.location,
            wanted.starts_at,
            wanted.ends_at,
        )

"""New failures of the highest severity: which are announced, and which come in one message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.payloads import Payload

#: Failures that come within this of the first one are one message.
BURST: Final = timedelta(minutes=10)

#: How far back each look goes, for rows that are committed late; and every so often how much further: the
#: bot's own rows wait for a database that was away.
SHALLOW: Final = timedelta(minutes=10)
DEEP: Final = timedelta(hours=24)
DEEP_EVERY: Final = timedelta(minutes=5)

#: How many failures a message lists.
LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class DlqWatch:
    """How far a guild's watch has looked.

    Attributes:
        looked_at: When it last looked.
        deep_at: When it last looked far back.
    """

    looked_at: datetime
    deep_at: datetime

    def looks_deep(self, now: datetime) -> bool:
        """Return True if the next look goes far back."""
        return now - self.deep_at >= DEEP_EVERY

    def start(self, now: datetime) -> datetime:
        """Return from when on the next look reads: also all that failed while the database was away."""
        return self.looked_at - (DEEP if self.looks_deep(now) else SHALLOW)


class SeenFailure(Payload):
    """A failure as its message lists it.

    Attributes:
        id: The entry's.
        title: None if it has none; an incident's number if it is about one of ours.
    """

    id: str
    attempted_at: datetime
    channel: str | None = None
    title: str | None = None
    http_status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DlqBurst:
    """Failures that came close together, as one message tells of them.

    Attributes:
        count: How many there are so far.
        shown: The first of them.
    """

    id: int
    guild_id: int
    opened_at: datetime
    count: int
    shown: tuple[SeenFailure, ...]

    def takes(self, now: datetime) -> bool:
        """Return True if a failure that is found *now* belongs to the burst."""
        return now - self.opened_at < BURST


class BurstData(Payload):
    """The message about a burst.

    Attributes:
        burst: Its number.
        rings: It notifies everybody who is online, because the policy says so.
    """

    burst: int
    rings: bool = False

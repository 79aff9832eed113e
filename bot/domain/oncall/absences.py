"""The times in which people are away, as every part that decides who is on call sees them."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.oncall.people import Who


@dataclass(frozen=True, slots=True)
class TimeAway:
    """A time in which a person is away; *starts* < *ends*, both aware.

    Attributes:
        id: Its number; 0 before it is stored.
        by_name: Who recorded it, or the calendar file that it is from.
        calendar: The policy's key of that file; None: it was recorded in chat.
    """

    who: Who
    starts: datetime
    ends: datetime
    reason: str = ""
    id: int = 0
    by_name: str = ""
    calendar: str | None = None

    def overlaps(self, starts: datetime, ends: datetime) -> bool:
        """Return True if any of the time from *starts* to *ends* is in the absence."""
        return self.starts < ends and starts < self.ends

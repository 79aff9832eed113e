"""The time, as the use cases ask for it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; the services ask nothing else for "now"."""

    async def now(self) -> datetime:
        """Return the database's time, aware: the one clock that all instances share."""

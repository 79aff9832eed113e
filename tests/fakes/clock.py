"""Time that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

#: 14:05 JST on Tuesday, 24 November 2026.
START = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)


class FakeClock:
    """A `bot.services.ports.Clock`."""

    def __init__(self, now: datetime = START) -> None:
        self.time = now

    async def now(self) -> datetime:
        """The time it was set to."""
        return self.time

    def advance(self, delta: timedelta) -> None:
        """Move on by *delta*."""
        self.time += delta

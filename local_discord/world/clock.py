"""Time as the local Discord sees it: real, plus a shift that tests may grow."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_FURTHEST_S = 100 * 365 * 86_400.0


class Clock:
    """Wall and monotonic time with one shift over both. Heartbeats use real time instead."""

    def __init__(self) -> None:
        self.shift_s = 0.0
        # So that what a saved state says about "then" still holds in the process that loads it.
        self._origin_s = time.time() - time.monotonic()

    def now(self) -> datetime:
        """The current time, timezone-aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.shift_s)

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return int((time.time() + self.shift_s) * 1000)

    def monotonic(self) -> float:
        """Seconds from about the Unix epoch; never runs backwards, and goes on in another process."""
        return self._origin_s + time.monotonic() + self.shift_s

    def iso(self) -> str:
        """The current time as Discord writes it: ISO 8601 with microseconds and an offset."""
        return self.now().isoformat(timespec="microseconds")

    def advance(self, seconds: float) -> None:
        """Move on by *seconds* (>= 0).

        Raises:
            ValueError: When *seconds* is negative: time does not run backwards here. Or when they lead
                further than a century, where dates end.
        """
        if not seconds >= 0:  # NaN is not either
            raise ValueError("the clock only moves forwards")
        if self.shift_s + seconds > _FURTHEST_S:
            raise ValueError("the clock moves a century at most")
        self.shift_s += seconds

    @contextmanager
    def standing_at(self, moment: datetime) -> Iterator[None]:
        """Let it be *moment* (aware) for what is done within; nothing may be awaited there."""
        shift_s = self.shift_s
        self.shift_s = (moment - datetime.now(UTC)).total_seconds()
        try:
            yield
        finally:
            self.shift_s = shift_s

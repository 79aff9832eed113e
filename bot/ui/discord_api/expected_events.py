"""Detection of deaf gateway sessions: what the bot does through REST must come back as an event.

Heartbeats do not show deafness. Discord acknowledges them at its edge, while the part that sends the events
may have lost the session.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Session:
    """When one shard's session last received an event, and since when it awaits one; seconds of the clock."""

    heard_s: float = float("-inf")
    expected_since_s: float | None = None


class ExpectedEvents:
    """Tracks, for each shard, how long it has waited for an expected event.

    Any event counts: a single one may get lost, and other people's are as good a sign of life.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._sessions: dict[int, _Session] = {}

    def heard(self, shard: int) -> None:
        """Record that an event has arrived, which ends the wait for one."""
        session = self._session(shard)
        session.heard_s, session.expected_since_s = self.clock(), None

    def expect(self, shard: int, *, began_s: float) -> None:
        """Expect an event, because the bot has made a request that causes one.

        Args:
            began_s: When the request began: often the event comes before the answer.
        """
        session = self._session(shard)
        if session.heard_s < began_s and session.expected_since_s is None:
            session.expected_since_s = began_s

    def stop_expecting(self, shard: int) -> None:
        """Stop expecting an event. The session stays, and may be tested again."""
        self._session(shard).expected_since_s = None

    def forget(self, shard: int) -> None:
        """Forget the shard's session, which has ended or is being replaced."""
        self._sessions.pop(shard, None)

    def missing_for_s(self, shard: int) -> float:
        """Return how long an expected event has been missing, seconds; 0 when none is expected."""
        expected_since_s = self._session(shard).expected_since_s
        return 0.0 if expected_since_s is None else self.clock() - expected_since_s

    def silent_for_s(self, shard: int) -> float:
        """Return how long ago the last event arrived, seconds; infinite when none ever has."""
        return self.clock() - self._session(shard).heard_s

    def _session(self, shard: int) -> _Session:
        return self._sessions.setdefault(shard, _Session())

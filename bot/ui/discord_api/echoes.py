"""What the bot does through REST comes back to it as an event: a session without any is deaf.

Heartbeats say nothing of that. Discord acknowledges them at its edge, while the part that sends the events
may have lost the session.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Session:
    """What is known of the session of one shard, seconds of the clock."""

    heard_s: float = float("-inf")
    owed_s: float | None = None


class Echoes:
    """Keeps, for each shard, since when an event has been owed and not one has come.

    Any event counts: a single one may get lost, and other people's are as good a sign of life.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._sessions: dict[int, _Session] = {}

    def heard(self, shard: int) -> None:
        """An event has come."""
        session = self._session(shard)
        session.heard_s, session.owed_s = self.clock(), None

    def owe(self, shard: int, *, began_s: float) -> None:
        """Something was done that makes an event.

        Args:
            began_s: When the request began: often the event comes before the answer.
        """
        session = self._session(shard)
        if session.heard_s < began_s and session.owed_s is None:
            session.owed_s = began_s

    def excuse(self, shard: int) -> None:
        """Expect no longer what is owed; the session goes on, and may be asked anew."""
        self._session(shard).owed_s = None

    def forget(self, shard: int) -> None:
        """The session has ended, or another one takes its place."""
        self._sessions.pop(shard, None)

    def owed_for_s(self, shard: int) -> float:
        """For how long an event has been owed; 0 when none is."""
        owed_s = self._session(shard).owed_s
        return 0.0 if owed_s is None else self.clock() - owed_s

    def silent_for_s(self, shard: int) -> float:
        """For how long no event has come."""
        return self.clock() - self._session(shard).heard_s

    def _session(self, shard: int) -> _Session:
        return self._sessions.setdefault(shard, _Session())

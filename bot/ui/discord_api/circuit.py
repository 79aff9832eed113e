"""The circuit breaker: whether Discord answers this process. The rule: `bot.domain.delivery.limits`.

Reads and writes have a breaker each: Discord has often served the one and refused the other.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import structlog

from bot.domain.delivery.limits import Breaker
from bot.domain.errors import DiscordAway, UpstreamUnavailable

log = structlog.get_logger(__name__)


class Circuit:
    """Notices that Discord is away, and lets one request at a time find out whether it is back.

    Args:
        clock: Seconds that only grow.

    Attributes:
        silence: The gateway sends nothing either; set by the gateway's watchdog.
        expected_events: The gateway events that requests should cause.
        breakers: The one of writes, and of reads (True).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.silence = False
        self.expected_events = ExpectedEvents()
        self.breakers = {False: Breaker(), True: Breaker()}

    @property
    def is_open(self) -> bool:
        """Discord takes nothing for the time being."""
        return self.breakers[False].is_open

    @property
    def away_s(self) -> float:
        """Return how long Discord has refused reads or writes, seconds; 0 while it answers both."""
        opened = [found.opened_at for found in self.breakers.values() if found.opened_at is not None]
        return self.clock() - min(opened) if opened else 0.0

    def admit(self, *, reads: bool) -> "AdmittedRequest":
        """Admit a request; while Discord is away, admit only probes.

        Raises:
            DiscordAway: Discord is away, and no probe is due.
        """
        now, breaker = self.clock(), self.breakers[reads]
        wait_s = breaker.wait_s(now)
        if wait_s > 0:
            raise DiscordAway("Discord is away: not asked", retry_after_s=wait_s)
        self.breakers[reads] = breaker.asked(now)
        return AdmittedRequest(self, reads=reads, asked_at=now)


@dataclass(slots=True)
class AdmittedRequest:
    """One admitted request. It ends as `answered` or `failed`, or is given back."""

    circuit: Circuit
    reads: bool
    asked_at: float
    has_ended: bool = False

    @property
    def _breaker(self) -> Breaker:
        return self.circuit.breakers[self.reads]

    def _end(self, after: Breaker) -> None:
        self.has_ended = True
        self.circuit.breakers[self.reads] = after

    def answered(self) -> None:
        """Record that Discord answered the request, even with a refusal."""
        opened_at = self._breaker.opened_at
        self._end(self._breaker.answered())
        if opened_at is not None:
            log.info("discord.back", reads=self.reads, away_s=round(self.circuit.clock() - opened_at))

    def failed(self, away: UpstreamUnavailable, *, for_all_s: float | None) -> UpstreamUnavailable:
        """Record that Discord did not answer the request; return the error to raise."""
        if away.http_status == HTTPStatus.TOO_MANY_REQUESTS and not for_all_s:
            self.answered()  # an answer all the same: Discord is there, and limits only this route
            return away
        now, was_open, silence = self.circuit.clock(), self._breaker.is_open, self.circuit.silence
        after = self._breaker.failed(now, asked_at=self.asked_at, silence=silence, for_all_s=for_all_s)
        self._end(after)
        if not after.is_open:
            return away
        if not was_open:
            log.warning(
                "discord.away",
                reads=self.reads,
                reason=away.reason,
                failures=after.failures,
                gateway=silence,
            )
        return DiscordAway(away.reason, http_status=away.http_status, retry_after_s=after.wait_s(now))

    def give_back(self) -> None:
        """Give up a request that was never made or was cancelled; does nothing once it has an outcome."""
        if not self.has_ended:
            self._end(self._breaker.given_back(asked_at=self.asked_at))


# Heartbeats do not show deafness. Discord acknowledges them at its edge, while the part that sends the events
# may have lost the session.


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

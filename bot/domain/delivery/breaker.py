"""A circuit breaker for Discord: while it counts as away, single probes go out, less and less often."""

from dataclasses import dataclass, replace
from typing import Final

#: Failures in a row after which Discord counts as away, and how many do while the gateway is silent, too.
ENOUGH: Final = 4
ENOUGH_IN_SILENCE: Final = 2

#: Two failures are enough when nothing has worked for this long, seconds: that is how time-outs look.
LASTING_S: Final = 8.0

#: First and longest pause between two probes, seconds.
PAUSES_S: Final = (2.0, 30.0)

#: A probe that never reports back blocks other requests no longer than this, seconds.
PROBE_S: Final = 30.0

#: A request that waits for the outcome of a probe tries again after this, seconds.
_BESIDE_PROBE_S: Final = 1.0

#: The longest wait that Discord may ask of everybody, seconds; a ban of an address lasts an hour.
LONGEST_WAIT_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """The outcome of the last requests to Discord. Times are seconds of one monotonic clock.

    Attributes:
        failures: In a row, up to now.
        failing_since: When the first of them was asked.
        opened_at: Since when Discord counts as away; None while it answers.
        next_probe_at: When one request may try again.
        pause_s: How long after a failed probe the next one is due.
        probing_since: When the probe that is under way began.
    """

    failures: int = 0
    failing_since: float = 0.0
    opened_at: float | None = None
    next_probe_at: float = 0.0
    pause_s: float = PAUSES_S[0]
    probing_since: float | None = None

    @property
    def is_open(self) -> bool:
        """Return True while Discord counts as away."""
        return self.opened_at is not None

    def wait_s(self, now: float) -> float:
        """Return how many seconds to leave Discord alone: 0 when a request may be made now."""
        if not self.is_open:
            return 0.0
        if self.probing_since is not None and now - self.probing_since < PROBE_S:
            return _BESIDE_PROBE_S
        return max(self.next_probe_at - now, 0.0)

    def asked(self, now: float) -> "Breaker":
        """Record a request. While Discord is away it is the probe, and others wait for its outcome."""
        return replace(self, probing_since=now) if self.is_open else self

    def given_back(self, *, asked_at: float) -> "Breaker":
        """End the probe of *asked_at*, which was not made or not awaited, so that another may go out."""
        return replace(self, probing_since=None) if self.probing_since == asked_at else self

    def answered(self) -> "Breaker":
        """Record an answer of Discord; a refusal counts as one."""
        return Breaker()

    def failed(
        self, now: float, *, asked_at: float, silence: bool = False, for_all_s: float | None = None
    ) -> "Breaker":
        """Record a failure: no answer, a server error, or a wait that applies to all requests.

        Args:
            asked_at: When the request was made.
            silence: The gateway does not tell anything either.
            for_all_s: Discord itself, or Cloudflare before it, asks everybody to wait so long: asking further
                would make it longer.
        """
        count = self.failures + 1
        since = self.failing_since if self.failures else asked_at
        failing = replace(self, failures=count, failing_since=since)
        if self.is_open:
            is_probe = self.probing_since is not None and asked_at >= self.probing_since
            if not is_probe and not for_all_s:
                return failing  # it was under way when the breaker opened, and says nothing new
            wait_s = max(self.pause_s, min(for_all_s or 0.0, LONGEST_WAIT_S))
            pause_s = min(2 * self.pause_s, PAUSES_S[1])  # the next probe comes later and later
            return replace(failing, probing_since=None, next_probe_at=now + wait_s, pause_s=pause_s)
        enough = ENOUGH_IN_SILENCE if silence else ENOUGH
        lasts = count > 1 and now - since >= LASTING_S
        if count < enough and not lasts and not for_all_s:
            return failing
        wait_s = max(PAUSES_S[0], min(for_all_s or 0.0, LONGEST_WAIT_S))
        return replace(failing, opened_at=now, next_probe_at=now + wait_s, pause_s=2 * PAUSES_S[0])

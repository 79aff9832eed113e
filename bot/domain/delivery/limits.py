"""Limits of what Discord takes: an allowance of requests in a time, and a circuit breaker.

While Discord counts as away, single probes go out, less and less often.
"""

from dataclasses import dataclass, field, replace
from typing import Final

#: From this urgency on a request may use the reserve of a route: the jobs of the highest severity, at any
#: place in its band of the queue, and requests of people.
URGENT: Final = 91

#: The urgency of requests for which nobody waits, such as the edit of a post that a newer one has replaced.
LATER: Final = 0

_KEPT_BACK: Final = 1
_KEPT_FROM_LATER: Final = 2  # for an incident's alert and its newest escalation
_TOO_FEW: Final = 3  # on a route that allows fewer nothing can be kept back
_LEAST_WAIT_S: Final = 0.05


@dataclass(slots=True)
class Allowance:
    """A token bucket: *per_s* requests a second in the long run, *burst* at once.

    In any second at most `per_s + burst` pass.
    """

    per_s: float
    burst: float
    _left: float = field(init=False)
    _at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._left = self.burst

    def wait_s(self, now: float) -> float:
        """Return the seconds until one more request is allowed; 0: now."""
        self._fill(now)
        return max(0.0, (1.0 - self._left) / self.per_s)

    def take(self, now: float) -> None:
        """Use up one request of the allowance."""
        self._fill(now)
        self._left -= 1.0

    def change(self, per_s: float, *, burst: float) -> None:
        """Set a new rate and burst; requests saved up beyond the burst are lost."""
        self.per_s, self.burst = per_s, burst
        self._left = min(self._left, burst)

    def give_back(self) -> None:
        """Give back a request that was counted but not made."""
        self._left = min(self.burst, self._left + 1.0)

    def pause(self, until: float, *, now: float) -> None:
        """Empty the allowance, so that the next request is free at *until*."""
        self._fill(now)
        self._left = min(self._left, 1.0 - (until - now) * self.per_s)

    def _fill(self, now: float) -> None:
        if now > self._at:
            self._left = min(self.burst, self._left + (now - self._at) * self.per_s)
            self._at = now


@dataclass(slots=True)
class RouteAllowance:
    """The state of one route's bucket, as its answers report it. Times are of one monotonic clock, seconds.

    Attributes:
        outgoing: Requests that have no answer yet.
        bucket: Discord's name of it.
        refused: The other bucket that the last answer named, if that was a 429.
        held: Until when places are kept for requests that are about to go out.
        keeps_back: The last place of each window is for what is urgent.
        keeps_from_later: The last two places of each window are not for what nobody waits for.

    Source: Discord's docs, Topics > Rate Limits > Header Format.
    """

    limit: int = 1
    remaining: int = 1
    reset_at: float = 0.0
    window_s: float = 0.0
    outgoing: int = 0
    is_unlimited: bool = False
    bucket: str = ""
    refused: str = ""
    held: list[float] = field(default_factory=list)
    keeps_back: bool = True
    keeps_from_later: bool = False
    _promised: list[tuple[float, int, str | None]] = field(default_factory=list)

    def capacity_in_s(self, now: float, *, urgency: int, subject: str | None = None) -> float:
        """Return the seconds until the route has capacity for a request; 0: now.

        A request that must wait gets a place in the next windows, behind those that are at least as urgent:
        the waiting requests do not all come at once. One that comes back early has one place all the same.

        Args:
            subject: What the request changes, if another one for the same would take its place.
        """
        self.held = [until for until in self.held if until > now]
        taken = self.outgoing + len(self.held)
        if self.is_unlimited or (not self.window_s and not taken):
            return 0.0
        if not self.window_s:
            return _LEAST_WAIT_S  # the first answer will say how many may go at once
        is_over = now >= self.reset_at
        left = (self.limit if is_over else self.remaining) - taken
        is_lesser = self.keeps_back and urgency < URGENT and self.limit >= _TOO_FEW
        reserve = _KEPT_BACK if is_lesser else 0
        if self.keeps_from_later and urgency <= LATER and self.limit >= _TOO_FEW:
            reserve = _KEPT_FROM_LATER
        if left > reserve:
            return 0.0
        self._promised = [
            (until, other, its)
            for until, other, its in self._promised
            if until > now and (its is None or its != subject)
        ]
        before = sum(other >= urgency for _, other, _ in self._promised)
        windows = before // max(self.limit - reserve, 1)
        opens_in_s = self.window_s if is_over else self.reset_at - now
        wait_s = max(opens_in_s, _LEAST_WAIT_S) + windows * self.window_s
        self._promised.append((now + wait_s, urgency, subject))
        return wait_s

    def hold(self, until: float) -> None:
        """Keep a place for a request that is about to go out."""
        self.held.append(until)

    def begin(self) -> None:
        """Count a request that goes out; it uses a kept place if there is one."""
        if self.held:
            self.held.pop()
        self.outgoing += 1

    def learn(self, now: float, *, limit: int, remaining: int, reset_after_s: float) -> None:
        """Update the state from an answer's headers."""
        is_new_window = now >= self.reset_at
        self.limit = max(limit, 1)
        self.remaining = remaining if is_new_window else min(self.remaining, remaining)
        self.reset_at = now + reset_after_s
        self.window_s = reset_after_s if remaining == limit - 1 else max(self.window_s, reset_after_s)

    def is_idle(self, now: float) -> bool:
        """Return True if the state holds nothing worth keeping."""
        return self.outgoing == 0 and now >= self.reset_at and all(until <= now for until in self.held)


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

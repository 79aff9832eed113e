"""Rate limits: buckets per route and major parameter, and the global limit.

Source: Discord's docs, Topics > Rate Limits. The sizes are what Discord's answers show in practice; Discord
does not document them, and clients must read the headers.
"""

import time
from collections import deque
from dataclasses import dataclass
from hashlib import sha256

GLOBAL_LIMIT = 50
GLOBAL_WINDOW_S = 1.0
INVALID = frozenset({401, 403, 429})
INVALID_WINDOW_S = 600.0


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *requests* in *window_s* seconds, counted together for all routes of the same *name*."""

    requests: int
    window_s: float
    name: str = ""


@dataclass(slots=True)
class _Window:
    opened_at: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a request: whether it passes, the headers to send, and else the wait in seconds."""

    passed: bool
    headers: dict[str, str]
    retry_after_s: float = 0.0
    is_global: bool = False


class Bans:
    """Invalid requests of the address: 401, 403 and 429, but those of a shared limit.

    Source: Topics > Rate Limits > Invalid Request Limit aka Cloudflare bans.
    """

    def __init__(self) -> None:
        self._at: deque[float] = deque()

    def count(self, status: int, headers: dict[str, str]) -> None:
        """Note an answer of *status*."""
        if status in INVALID and headers.get("X-RateLimit-Scope") != "shared":
            self._at.append(time.monotonic())

    def banned(self, most: int) -> bool:
        """True when there were *most* of them in the last ten minutes."""
        now = time.monotonic()
        while self._at and now - self._at[0] >= INVALID_WINDOW_S:
            self._at.popleft()
        return len(self._at) >= most

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self._at = deque(at - seconds for at in self._at)


class Limiter:
    """Counts requests in real time; `advance` lets time pass for them too when the clock is moved.

    Attributes:
        enabled: Whether there are limits.
        speed: How many times faster than Discord's the windows of routes pass: tests wait less at 5.
    """

    def __init__(self) -> None:
        self.speed = 1.0
        self._windows: dict[tuple[str, str], _Window] = {}
        self._recent: deque[float] = deque()
        self.enabled = True
        self.bans = Bans()

    def take(self, limit: Limit, major: str, *, counts_globally: bool) -> Verdict:
        """Count one request on *limit* for the major parameter *major* (a channel, guild or webhook id).

        Switched off, it counts nothing: the headers of each request are those of a first one, since clients
        wait by themselves once they read that nothing remains.
        """
        window_s = limit.window_s / self.speed
        if not self.enabled:
            return Verdict(True, _headers(limit, limit.requests - 1, window_s))
        now = time.monotonic()
        if counts_globally and (wait_s := self._global_wait(now)):
            return Verdict(passed=False, headers={}, retry_after_s=wait_s, is_global=True)
        window = self._windows.get((limit.name, major))
        if window is None or now - window.opened_at >= window_s:
            window = self._windows[limit.name, major] = _Window(now)
        left_s = max(0.0, window.opened_at + window_s - now)
        passed = window.used < limit.requests
        window.used += passed
        remaining = max(0, limit.requests - window.used)
        return Verdict(passed, _headers(limit, remaining, left_s), 0.0 if passed else left_s)

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass: windows that would be over then are."""
        for window in self._windows.values():
            window.opened_at -= seconds
        self._recent = deque(at - seconds for at in self._recent)
        self.bans.advance(seconds)

    def _global_wait(self, now: float) -> float:
        """0 when the global limit has room (and count the request), else seconds until it has."""
        recent = self._recent
        while recent and now - recent[0] >= GLOBAL_WINDOW_S:
            recent.popleft()
        if len(recent) >= GLOBAL_LIMIT:
            return GLOBAL_WINDOW_S - (now - recent[0])
        recent.append(now)
        return 0.0


def _headers(limit: Limit, remaining: int, left_s: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit.requests),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{time.time() + left_s:.3f}",
        "X-RateLimit-Reset-After": f"{left_s:.3f}",
        "X-RateLimit-Bucket": sha256(limit.name.encode()).hexdigest()[:32],
    }

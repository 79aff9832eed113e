"""The gate that keeps all requests of the process within Discord's limits, the most urgent first.

discord.py learns of a limit when it has been hit, or waits for a bucket within the call. Here no request
waits long: one without capacity on its route fails with the time to retry at, and the queue repeats it.

Source: Discord's docs, Topics > Rate Limits.
"""

import asyncio
import heapq
from collections.abc import Callable, Mapping
from http import HTTPStatus
from itertools import count
from typing import Final

from bot.domain.delivery.limits import Allowance, RouteAllowance
from bot.domain.jobs import BACKGROUND

#: Requests per second, of the 50 that Discord allows. The rest is for requests that discord.py makes by
#: itself, and for requests that arrive closer together than they were sent.
PER_S: Final = 40.0
BURST: Final = 4.0

#: The most that background reads, for which no person waits, take of it.
BACKGROUND_SHARE: Final = 0.4

#: How long a place is kept for what is being marked as begun, seconds.
HOLD_S: Final = 2.0

_MOST_ROUTES: Final = 1_000

_LONGEST_WINDOW_S: Final = 30.0

Later = Callable[[float, Callable[[], None]], object]
_Ticket = tuple[int, int, asyncio.Future[None]]


class Gate:
    """Lets requests through.

    Args:
        now: A monotonic clock, seconds; the event loop's unless given.
        later: Calls something after so many seconds; the event loop's unless given.
    """

    def __init__(self, *, now: Callable[[], float] | None = None, later: Later | None = None) -> None:
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._later = later or (lambda delay_s, call: asyncio.get_running_loop().call_later(delay_s, call))
        self._routes: dict[str, RouteAllowance] = {}
        self._waiting: list[_Ticket] = []
        self._numbers = count()
        self._is_set = False
        self._closed_until = 0.0
        self._overall = Allowance(PER_S, BURST)
        self._background = Allowance(PER_S * BACKGROUND_SHARE, 1.0)

    def share(self, instances: int) -> None:
        """Take this process's part of Discord's limits, because several processes use the same token.

        Args:
            instances: >= 1.
        """
        per_s = PER_S / instances
        self._overall.change(per_s, burst=max(BURST / instances, 1.0))
        self._background.change(per_s * BACKGROUND_SHARE, burst=1.0)

    # -- all requests together
    async def turn(self, urgency: int) -> None:
        """Wait until a request of that urgency may go; `BACKGROUND` has its share only."""
        ticket: _Ticket = (-urgency, next(self._numbers), asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, ticket)
        self._let_in()
        try:
            await ticket[2]
        except asyncio.CancelledError:
            if ticket[2].done() and not ticket[2].cancelled():
                self._overall.give_back()
                self._let_in()
            raise

    def pause(self, seconds: float) -> None:
        """Let nothing out for so long: Discord's global limit was hit."""
        now = self._now()
        self._closed_until = max(self._closed_until, now + seconds)
        self._overall.pause(now + seconds, now=now)

    def _let_in(self) -> None:
        while self._waiting:
            urgency, _, future = self._waiting[0]
            if future.done():  # the waiting request was cancelled
                heapq.heappop(self._waiting)
                continue
            now = self._now()
            wait_s = self._overall.wait_s(now)
            if -urgency <= BACKGROUND:
                wait_s = max(wait_s, self._background.wait_s(now))
            if wait_s > 0.0:
                if not self._is_set:
                    self._is_set = True
                    self._later(wait_s, self._timer)
                return
            heapq.heappop(self._waiting)
            now = self._now()
            self._overall.take(now)
            if -urgency <= BACKGROUND:
                self._background.take(now)
            future.set_result(None)

    def _timer(self) -> None:
        self._is_set = False
        self._let_in()

    # -- one route
    def capacity_in_s(self, route: str, urgency: int, *, subject: str | None = None) -> float:
        """Return the seconds until *route* has capacity for a request; 0: now. See `RouteAllowance`."""
        now, known = self._now(), self._routes.get(route)
        if (closed_s := self._closed_until - now) > 0.0:
            return closed_s
        return 0.0 if known is None else known.capacity_in_s(now, urgency=urgency, subject=subject)

    def asked_s(self, route: str) -> float:
        """Return the seconds for which Discord asks to leave *route* alone, without our own queue."""
        now, known = self._now(), self._routes.get(route)
        opens_at = 0.0 if known is None else known.reset_at
        return max(self._closed_until - now, opens_at - now, 0.0)

    def hold(self, route: str) -> None:
        """Keep a place on *route* for a request that is about to go out: see `is_held`."""
        self._known(route).hold(self._now() + HOLD_S)

    def is_held(self, route: str) -> bool:
        """Return whether a place is held on *route*; the first request takes it."""
        known = self._routes.get(route)
        return known is not None and any(until > self._now() for until in known.held)

    def begin(self, route: str) -> None:
        """Record that a request on *route* goes out."""
        self._known(route).begin()

    def end(self, route: str, *, status: int | None, headers: Mapping[str, str] | None) -> None:
        """Record that a request on *route* has ended, and learn the route's limit from the answer, if any."""
        known = self._routes[route]
        known.outgoing -= 1
        if headers is None:
            return
        limits, bucket = _said(headers), headers.get("X-RateLimit-Bucket", "")
        is_refused = status == HTTPStatus.TOO_MANY_REQUESTS
        if is_refused and _is_within(known, bucket, 0.0 if limits is None else limits[2]):
            known.refused = bucket
            return
        known.bucket, known.is_unlimited = bucket, limits is None and not known.window_s
        known.refused = ""
        if limits is not None:
            limit, remaining, reset_after_s = limits
            known.learn(self._now(), limit=limit, remaining=remaining, reset_after_s=reset_after_s)

    def _known(self, route: str) -> RouteAllowance:
        if route not in self._routes:
            if len(self._routes) >= _MOST_ROUTES:
                now = self._now()
                self._routes = {key: known for key, known in self._routes.items() if not known.is_idle(now)}
            self._routes[route] = RouteAllowance(
                keeps_back=route.startswith("POST "),  # what rings
                keeps_from_later=route.startswith("PATCH "),  # the posts that people look at
            )
        return self._routes[route]


def _is_within(known: RouteAllowance, bucket: str, reset_after_s: float) -> bool:
    """Return whether a 429 may concern a sub-limit, of one message or one thread's name, and not the route's.

    A second 429 with the same bucket is the route's own, unless its wait is longer than any route's window.
    """
    if bucket == known.bucket:
        return False
    return bucket != known.refused or reset_after_s > _LONGEST_WINDOW_S


def _said(headers: Mapping[str, str]) -> tuple[int, int, float] | None:
    try:
        limit = int(headers["X-RateLimit-Limit"])
        return limit, int(headers["X-RateLimit-Remaining"]), float(headers["X-RateLimit-Reset-After"])
    except (KeyError, ValueError):
        return None

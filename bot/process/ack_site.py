"""The only thing that this bot shows to the outside: the page behind the link in an email."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from bot.domain.errors import StorageUnavailable
from bot.services.links import PATH, AckLinks, LinkState, Seen, guild_of
from bot.ui.ack_page import SECURITY_POLICY, AckPage

log = structlog.get_logger(__name__)

#: Requests per minute that are looked at, all visitors together: a team is a few people.
PER_MINUTE: Final = 120

#: Characters of the longest token that is looked at; ours have about 150.
LONGEST: Final = 600

_HEADERS: Final = {
    "Content-Security-Policy": SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",  # the address of the page is the secret
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_STATUS: Final = {
    LinkState.USED: HTTPStatus.CONFLICT,
    LinkState.OVER: HTTPStatus.CONFLICT,
    LinkState.EXPIRED: HTTPStatus.GONE,
    LinkState.FOREIGN: HTTPStatus.NOT_FOUND,
    LinkState.INVALID: HTTPStatus.NOT_FOUND,
}


@dataclass(slots=True)
class Allowance:
    """So many per minute, saved up for at most one minute."""

    per_minute: int = PER_MINUTE
    clock: Callable[[], float] = time.monotonic
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = float(self.per_minute), self.clock()

    def take(self) -> bool:
        """Whether there was one left."""
        now = self.clock()
        self._left = min(self._left + (now - self._at) * self.per_minute / 60, float(self.per_minute))
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class Desk:
    """What the links of one guild lead to."""

    links: AckLinks
    page: AckPage


class AckSite:
    """GET shows what the button would do, POST does it. Its addresses are secrets, and stand in no log.

    Args:
        desks: By guild; at least one. A link says whose it is.
    """

    def __init__(self, desks: Mapping[int, Desk], allowance: Allowance | None = None) -> None:
        self._desks = desks
        self._home = next(iter(desks.values()))
        self._allowance = allowance or Allowance()

    @property
    def routes(self) -> list[web.RouteDef]:
        """To be served beside /healthz."""
        path = PATH + "{token}"
        return [web.get(path, self._look), web.post(path, self._acknowledge)]

    async def _look(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda desk, token: desk.links.look(token))

    async def _acknowledge(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda desk, token: desk.links.acknowledge(token))

    async def _answer(
        self, request: web.Request, ask: Callable[[Desk, str], Awaitable[Seen]]
    ) -> web.Response:
        token = request.match_info["token"]
        desk = self._desks.get(guild_of(token) or 0, self._home)
        locale = preferred(request.headers.get("Accept-Language", ""), default=desk.page.policy.language)
        if not self._allowance.take():
            return _excuse(desk, "busy", HTTPStatus.TOO_MANY_REQUESTS, locale)
        if request.can_read_body:
            await request.read()  # nothing is asked for; more than a little ends in 413
        try:
            seen = Seen(LinkState.INVALID) if len(token) > LONGEST else await ask(desk, token)
        except StorageUnavailable as away:
            log.warning("link.unavailable", reason=str(away))
            return _excuse(desk, "unavailable", HTTPStatus.SERVICE_UNAVAILABLE, locale)
        except Exception:
            log.exception("link.failed")
            return _excuse(desk, "unavailable", HTTPStatus.INTERNAL_SERVER_ERROR, locale)
        return _html(desk.page.shown(seen, locale=locale), _STATUS.get(seen.state, HTTPStatus.OK))


def _excuse(desk: Desk, what: str, status: HTTPStatus, locale: str) -> web.Response:
    answer = _html(desk.page.excuse(what, locale=locale), status)
    answer.headers["Retry-After"] = "5"
    return answer


def preferred(accepted: str, *, default: str) -> str:
    """The first of Japanese and English that a browser names in Accept-Language, or *default*."""
    for named in accepted.split(","):
        language = named.partition(";")[0].strip().lower()[:2]
        if language in ("ja", "en"):
            return language
    return default


def _html(text: str, status: HTTPStatus) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)

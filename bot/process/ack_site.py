"""The page behind the link in an email: the only one that this bot shows to the outside."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from cachetools import LRUCache

from bot.domain.delivery.limits import Allowance
from bot.domain.errors import StorageUnavailable
from bot.services.acknowledging.email_links import PATH, AckLinks, LinkFacts, LinkState, guild_of
from bot.ui.ack_page import SECURITY_POLICY, AckPage

log = structlog.get_logger(__name__)

#: Requests per minute that are looked at, of all that carry no link signed by the bot: guessing is slow.
PER_MINUTE: Final = 120

#: Requests per minute for each signed link: room for scanners, impatience and reloads.
PER_LINK: Final = 60

#: Links whose requests are counted at a time. Only recipients of the bot's emails have one.
_MOST_LINKS: Final = 1_000

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


class LinkRateLimiter:
    """Limits requests: strangers share one allowance; each link has its own, which they cannot use up.

    Args:
        per_minute: For all requests without a link of ours.
        per_link: For each link, a minute.
    """

    def __init__(self, *, per_minute: int = PER_MINUTE, per_link: int = PER_LINK) -> None:
        self._strangers = _a_minute(per_minute)
        self._per_link = per_link
        self._links: LRUCache[str, Allowance] = LRUCache(_MOST_LINKS)

    def admits(self, link_id: str | None) -> bool:
        """Count a request with this link, or without one (None); return False if it exceeds the limit."""
        allowance = self._strangers
        if link_id is not None:
            allowance = self._links.setdefault(link_id, _a_minute(self._per_link))
        now = time.monotonic()
        if allowance.wait_s(now) > 0:
            return False
        allowance.take(now)
        return True


def _a_minute(requests: int) -> Allowance:
    """Return an allowance of so many requests a minute, saved up for at most one minute."""
    return Allowance(per_s=requests / 60, burst=requests)


@dataclass(frozen=True, slots=True)
class GuildAckLinks:
    """The ack links of one guild, and the page that they lead to."""

    links: AckLinks
    page: AckPage


class AckSite:
    """Serves the page: GET shows what the button would do, POST does it.

    Its addresses are secrets, so none is logged.

    Args:
        guilds: By guild id; at least one. A link names its guild.
        limiter: Counts the requests; None: one with the usual limits.
    """

    def __init__(self, guilds: Mapping[int, GuildAckLinks], limiter: LinkRateLimiter | None = None) -> None:
        self._guilds = guilds
        self._home = next(iter(guilds.values()))
        self._limiter = limiter or LinkRateLimiter()

    @property
    def routes(self) -> list[web.RouteDef]:
        """Return the routes, which are served beside /healthz."""
        path = PATH + "{token}"
        return [web.get(path, self._look), web.post(path, self._acknowledge)]

    async def _look(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda guild, token: guild.links.preview(token))

    async def _acknowledge(self, request: web.Request) -> web.Response:
        return await self._answer(request, lambda guild, token: guild.links.acknowledge(token))

    async def _answer(
        self, request: web.Request, ask: Callable[[GuildAckLinks, str], Awaitable[LinkFacts]]
    ) -> web.Response:
        token = request.match_info["token"]
        guild = self._guilds.get(guild_of(token) or 0, self._home)
        locale = preferred(request.headers.get("Accept-Language", ""), default=guild.page.policy.language)
        home = self._home.links  # one installation, one key
        if not self._limiter.admits(home.signed_id(token) if len(token) <= LONGEST else None):
            return _excuse(guild, "busy", HTTPStatus.TOO_MANY_REQUESTS, locale)
        try:
            await home.learn_key()  # on the first request; from then on strangers cannot block a link
            seen = LinkFacts(LinkState.INVALID) if len(token) > LONGEST else await ask(guild, token)
        except StorageUnavailable as away:
            log.warning("link.unavailable", reason=str(away))
            return _excuse(guild, "unavailable", HTTPStatus.SERVICE_UNAVAILABLE, locale)
        except Exception:
            log.exception("link.failed")
            return _excuse(guild, "unavailable", HTTPStatus.INTERNAL_SERVER_ERROR, locale)
        return _html(guild.page.shown(seen, locale=locale), _STATUS.get(seen.state, HTTPStatus.OK))


def _excuse(guild: GuildAckLinks, what: str, status: HTTPStatus, locale: str) -> web.Response:
    answer = _html(guild.page.excuse(what, locale=locale), status)
    answer.headers["Retry-After"] = "5"
    return answer


def preferred(accepted: str, *, default: str) -> str:
    """Return the first of Japanese and English that Accept-Language names, or *default*."""
    for named in accepted.split(","):
        language = named.partition(";")[0].strip().lower()[:2]
        if language in ("ja", "en"):
            return language
    return default


def _html(text: str, status: HTTPStatus) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)

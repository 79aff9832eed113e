"""The route of calendar feeds.

Only a bot that has a port for it imports this module, and what it is made of.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from http import HTTPStatus
from time import monotonic
from typing import Final

import structlog
from aiohttp import hdrs, web

from bot.capability import PublicRoutes
from bot.domain.errors import StorageUnavailable
from bot.storage.store import Store
from cogs.feeds.rules import MAX_AGE, Feed, hash_of
from cogs.feeds.store import Feeds
from cogs.feeds.use_cases import CalendarFeeds

log = structlog.get_logger(__name__)

#: What is no secret of ours is 404 without a query.
_PATH: Final = r"/calendar/{secret:[A-Za-z0-9_-]{43}}.ics"

#: Unknown addresses that are looked up in a minute; more are refused, except to those that were known.
MOST_GUESSES: Final = 60
_MINUTE_S: Final = 60.0
_MOST_KNOWN: Final = 5_000

_AGAIN_S: Final = "60"


class FeedSite:
    """Answers requests for calendars. An address is a secret, so none is logged."""

    def __init__(self, store: Store, guilds: Mapping[int, CalendarFeeds]) -> None:
        self._store = store
        self._guilds = guilds
        self._known: dict[bytes, None] = {}
        self._guesses = 0
        self._minute = monotonic()

    @property
    def routes(self) -> list[web.RouteDef]:
        """Return the route, for GET and HEAD."""
        return [web.get(_PATH, self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        secret = hash_of(request.match_info["secret"])
        if secret not in self._known and not self._may_guess():
            return _plain(HTTPStatus.TOO_MANY_REQUESTS)
        try:
            feed = await Feeds(self._store.sql).by_secret(secret)
            guild = None if feed is None else self._guilds.get(feed.guild_id)
            if feed is None or guild is None:
                self._forget(secret)
                return _plain(HTTPStatus.NOT_FOUND)
            self._remember(secret)
            return await _calendar(request, guild, feed)
        except StorageUnavailable:
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE)

    def _may_guess(self) -> bool:
        now = monotonic()
        if now - self._minute >= _MINUTE_S:
            self._minute, self._guesses = now, 0
        return self._guesses < MOST_GUESSES

    def _remember(self, secret: bytes) -> None:
        self._known.pop(secret, None)
        self._known[secret] = None
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]

    def _forget(self, secret: bytes) -> None:
        self._known.pop(secret, None)
        self._guesses += 1
        if self._guesses == MOST_GUESSES:
            log.warning("calendar_feed.guessed", unknown=self._guesses)


async def _calendar(request: web.Request, guild: CalendarFeeds, feed: Feed) -> web.Response:
    body = await guild.text(feed)
    tag = sha256(body).hexdigest()[:32]
    headers = {
        hdrs.ETAG: f'"{tag}"',
        hdrs.CACHE_CONTROL: f"private, max-age={int(MAX_AGE.total_seconds())}",
        "X-Robots-Tag": "noindex",
    }
    if any(each.value in {tag, "*"} for each in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers[hdrs.CONTENT_DISPOSITION] = 'inline; filename="on-call.ics"'
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


def _plain(status: HTTPStatus) -> web.Response:
    """Return an answer that says nothing of the address."""
    headers = {hdrs.CACHE_CONTROL: "no-store"}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers[hdrs.RETRY_AFTER] = _AGAIN_S
    return web.Response(status=status, text=f"{status.phrase}\n", headers=headers)


@asynccontextmanager
async def answering(store: Store, guilds: Mapping[int, CalendarFeeds]) -> AsyncIterator[PublicRoutes]:
    """Answer the addresses during the block.

    Args:
        store: Sees every guild's rows.
        guilds: Those that have feeds switched on.
    """
    yield PublicRoutes(FeedSite(store, guilds).routes, ["calendar"])

"""Search of a channel for a message of ours that was posted but never recorded."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import discord
from discord.http import Route

from bot.domain.delivery.delivery import Posted
from bot.domain.errors import UpstreamUnavailable
from bot.domain.text import folded
from bot.ui.discord_api.client import Payload, Rest, snowflake
from bot.ui.discord_api.routes import messages_route
from bot.ui.words.evidence import written_embeds

_HISTORY: Final = 100  # Discord: messages per page
_PATIENCE: Final = timedelta(
    seconds=10
)  # for room for the next page, so as not to begin with the first again
_CLOCK_SKEW: Final = timedelta(seconds=10)  # between the database, which timed the attempt, and Discord


async def standing_message(
    rest: Rest, channel_id: int, body: Mapping[str, object], *, since: datetime
) -> Posted | None:
    """Return the message that says what *body* says, if we have posted it since then.

    Raises:
        DeliveryRefused: the history may not be read. UpstreamUnavailable.
    """
    wanted = marks(body)
    async for message in _messages(rest, channel_id, after=_from(since)):
        author = message.get("author")
        is_ours = isinstance(author, dict) and snowflake(author) == rest.own_id
        if is_ours and marks(message) == wanted:
            return posted(message)
    return None


async def by_webhook(
    rest: Rest, channel_id: int, webhook_id: int, *, since: datetime
) -> AsyncIterator[Payload]:
    """Yield a webhook's messages in a channel since then. Without the message content intent they are empty.

    Raises:
        As `standing_message`.
    """
    async for message in _messages(rest, channel_id, after=_from(since)):
        if message.get("webhook_id") == str(webhook_id):
            yield message


def _from(since: datetime) -> int:
    return discord.utils.time_snowflake(since - _CLOCK_SKEW)


async def _messages(rest: Rest, channel_id: int, *, after: int) -> AsyncIterator[Payload]:
    """Yield all messages of a channel after that id, page by page; a page has its newest first."""
    route = messages_route("GET", channel_id)
    page = await rest.many(route, params={"after": after, "limit": _HISTORY})
    while True:
        for message in page:
            yield message
        if len(page) < _HISTORY:
            return
        after = max(snowflake(message) for message in page)
        page = await further(rest, route, after=after)


async def further(rest: Rest, route: Route, **beyond: int) -> list[Payload]:
    """Return a further page of a channel's messages, as soon as Discord's limit leaves room for it.

    Args:
        beyond: ``after`` or ``before``, a message's id.
    """
    while True:
        try:
            return await rest.many(route, params={**beyond, "limit": _HISTORY})
        except UpstreamUnavailable as limit:
            if limit.capacity_in is None or limit.capacity_in > _PATIENCE:
                raise
            await asyncio.sleep(limit.capacity_in.total_seconds())


def posted(message: Mapping[str, object]) -> Posted:
    """Read a Message object of Discord's."""
    roles = message.get("mention_roles")
    return Posted(
        channel_id=snowflake(message, "channel_id"),
        message_id=snowflake(message),
        pinged=bool(message.get("mention_everyone")),
        roles=frozenset(int(str(role)) for role in roles) if isinstance(roles, list) else frozenset(),
    )


def marks(message: Mapping[str, object]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return a message's content, its embeds' titles and descriptions, and its components' custom ids.

    Discord returns these. It adds other things, such as previews of links, and may strip some characters.
    """
    shown = written_embeds(message)
    texts = (folded(str(made.get(part) or "")) for made in shown for part in ("title", "description"))
    return folded(str(message.get("content") or "")), tuple(texts), tuple(_ids(message.get("components")))


def _ids(components: object) -> Iterator[str]:
    for component in components if isinstance(components, list | tuple) else ():
        if isinstance(component, Mapping):
            if "custom_id" in component:
                yield str(component["custom_id"])
            yield from _ids(component.get("components"))

"""Emptying what the bot had posted for all, once the incident is private."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import structlog
from discord.http import Route

from bot.domain.delivery import Delivery, DeliveryKind
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident import Incident
from bot.services.ports import Redacted
from bot.ui.posts.private import left_room_name, redacted
from bot.ui.rest.client import Payload, Rest, snowflake
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

_ARCHIVED: Final = 50083
_NAME_CHANGE: Final = 4  # Discord: the message type; its content is the thread's new name
_PAGE: Final = 100  # Discord: messages per page


class Redactor:
    """Takes title, targets, symptoms and path out; what people wrote is theirs to delete."""

    def __init__(self, rest: Rest, words: Wording) -> None:
        self._rest = rest
        self._words = words

    async def redact(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        """Empty *posts*, threads last: a locked and archived one takes no edits.

        What is deleted is passed over, and what Discord refuses too: it would refuse again.
        """
        done: list[int] = []
        refused: list[int] = []
        rooms: list[timedelta] = []
        for post in sorted(posts, key=lambda post: post.kind is DeliveryKind.THREAD):
            try:
                await self._empty(incident, post)
            except DeliveryRefused as error:
                done.append(post.id)
                if error.http_status != HTTPStatus.NOT_FOUND:
                    log.warning("post.not_redacted", delivery_id=post.id, kind=post.kind, code=error.code)
                    refused.append(post.id)
            except UpstreamUnavailable as away:
                if away.http_status != HTTPStatus.TOO_MANY_REQUESTS:
                    log.info("post.redaction_postponed", delivery_id=post.id, http_status=away.http_status)
                    break  # Discord is away: the others would wait for nothing
                rooms += [away.room_in] if away.room_in else []
            else:
                done.append(post.id)
        return Redacted(done, refused, min(rooms, default=None))

    async def _empty(self, incident: Incident, post: Delivery) -> None:
        if post.kind is DeliveryKind.THREAD:
            await self._close(incident, post.message_id)
            return
        route = _message("PATCH", post.channel_id, post.message_id)
        body = redacted(self._words, incident)
        try:
            await self._rest.one(route, json=body)
        except DeliveryRefused as error:
            if error.code != _ARCHIVED:
                raise
            await self._rest.one(_channel("PATCH", post.channel_id), json={"archived": False})
            await self._rest.one(route, json=body)
            await self._rest.one(_channel("PATCH", post.channel_id), json={"archived": True})

    async def _close(self, incident: Incident, thread_id: int | None) -> None:
        """Take the title out of the thread's name, and out of Discord's notes on its earlier names.

        Raises:
            UpstreamUnavailable: a third name in ten minutes, for instance; until then no list shows it.
        """
        limit = await self._rename(thread_id, left_room_name(self._words, incident))
        async for note in self._name_changes(thread_id):
            await self._rest.do(_message("DELETE", thread_id, snowflake(note)))
        await self._rest.one(_channel("PATCH", thread_id), json={"locked": True, "archived": True})
        if limit is not None:
            raise limit

    async def _rename(self, thread_id: int | None, name: str) -> UpstreamUnavailable | None:
        """Wake it and give it a name; the limit that has no room for one, if that is what is in the way."""
        try:
            await self._rest.one(_channel("PATCH", thread_id), json={"name": name, "archived": False})
        except UpstreamUnavailable as away:
            if away.room_in is None:
                raise
            await self._rest.one(_channel("PATCH", thread_id), json={"archived": False})
            return away
        return None

    async def _name_changes(self, thread_id: int | None) -> AsyncIterator[Payload]:
        before: dict[str, object] = {}
        while True:
            route = Route("GET", "/channels/{channel_id}/messages", channel_id=thread_id)
            page = await self._rest.many(route, params={"limit": _PAGE, **before})
            for message in page:
                author = message.get("author")
                is_ours = isinstance(author, dict) and snowflake(author) == self._rest.own_id
                if is_ours and message.get("type") == _NAME_CHANGE:
                    yield message
            if len(page) < _PAGE:
                return
            before = {"before": snowflake(page[-1])}


def _message(method: str, channel_id: int | None, message_id: int | None) -> Route:
    return Route(
        method,
        "/channels/{channel_id}/messages/{message_id}",
        channel_id=channel_id,
        message_id=message_id,
    )


def _channel(method: str, channel_id: int | None) -> Route:
    return Route(method, "/channels/{channel_id}", channel_id=channel_id)

"""Emptying what the bot had posted for all, once the incident is private."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import structlog
from discord.http import Route

from bot.domain.delivery import Delivery, DeliveryKind
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident import Incident
from bot.services.ports import Redacted, soonest
from bot.ui.posts.private import left_room_name, redacted
from bot.ui.rest.client import Payload, Rest, snowflake
from bot.ui.rest.refresher import tell_of_wait
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

_ARCHIVED: Final = 50083
_NAME_CHANGE: Final = 4  # Discord: the message type; its content is the thread's new name
_LONG: Final = timedelta(seconds=30)
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
        late: list[int] = []
        waits: list[timedelta | None] = []
        for post in sorted(posts, key=lambda post: post.kind is DeliveryKind.THREAD):
            try:
                await self._empty(incident, post)
            except DeliveryRefused as error:
                done.append(post.id)
                if error.http_status != HTTPStatus.NOT_FOUND:
                    log.warning("post.not_redacted", delivery_id=post.id, kind=post.kind, code=error.code)
                    refused.append(post.id)
            except UpstreamUnavailable as away:
                waits.append(away.room_in)
                tell_of_wait("post.redaction_postponed", post, away)
                if away.http_status != HTTPStatus.TOO_MANY_REQUESTS:
                    break  # Discord is away: the others would wait for nothing
                late += [post.id] if _is_long(away) else []
            else:
                done.append(post.id)
        return Redacted(done, refused, late, soonest(waits))

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
            DeliveryRefused; UpstreamUnavailable: a third name in ten minutes, for instance. It sleeps then.
        """
        named = {"name": left_room_name(self._words, incident), "archived": False}
        try:
            await self._rest.one(_channel("PATCH", thread_id), json=named)
        except UpstreamUnavailable as away:
            if _is_long(away):
                await self._put_to_sleep(thread_id)
            raise
        await self._forget_names(thread_id)

    async def _put_to_sleep(self, thread_id: int | None) -> None:
        """No list of threads shows it any more, and no note in it what it was called; once."""
        thread = await self._rest.one(_channel("GET", thread_id))
        metadata = thread.get("thread_metadata")
        if isinstance(metadata, dict) and metadata.get("archived") and metadata.get("locked"):
            return
        with suppress(DeliveryRefused):  # the name is what counts, and that is only late
            await self._rest.one(_channel("PATCH", thread_id), json={"archived": False})
            await self._forget_names(thread_id)

    async def _forget_names(self, thread_id: int | None) -> None:
        """Delete Discord's notes on its names, then lock and archive it."""
        async for note in self._name_changes(thread_id):
            await self._rest.do(_message("DELETE", thread_id, snowflake(note)))
        await self._rest.one(_channel("PATCH", thread_id), json={"locked": True, "archived": True})

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


def _is_long(away: UpstreamUnavailable) -> bool:
    """Whether what is there is read meanwhile."""
    return away.room_in is not None and away.room_in >= _LONG


def _message(method: str, channel_id: int | None, message_id: int | None) -> Route:
    return Route(
        method,
        "/channels/{channel_id}/messages/{message_id}",
        channel_id=channel_id,
        message_id=message_id,
    )


def _channel(method: str, channel_id: int | None) -> Route:
    return Route(method, "/channels/{channel_id}", channel_id=channel_id)

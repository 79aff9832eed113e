"""Emptying what the bot had posted for all, once the incident is private."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Final, TypeAlias

import structlog

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.privacy import LeftBehind
from bot.services.ports import Redacted, soonest
from bot.ui.discord_api.client import Payload, Rest, snowflake
from bot.ui.discord_api.files import without_files
from bot.ui.discord_api.refresher import tell_of_wait
from bot.ui.discord_api.routes import channel_route, message_route, messages_route
from bot.ui.discord_api.threads import in_thread
from bot.ui.posts.incident.private import left_thread_name, redacted
from bot.ui.posts.incident.unnamed import without_incident
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

#: Discord's message types: the note of a rename, whose content is the new name, and people's messages.
_NAME_CHANGE: Final = 4
_WRITTEN: Final = frozenset({0, 19})
_LONG: Final = timedelta(seconds=30)
_PAGE: Final = 100  # Discord: messages per page


#: How long after an edit a post is read again.
_READ_AGAIN: Final = timedelta(seconds=2)

_Edit: TypeAlias = Callable[[Incident, Delivery], Awaitable[list[LeftBehind]]]


class _Edited(Exception):  # a signal to ourselves
    """The post named the incident until now."""


class Redactor:
    """Takes title, targets, symptoms and path out.

    What people wrote is theirs to delete, and Discord's notes of a thread's renames stay: 50021.
    Source: Resources > Message > Message Types, column Deletable; discord-api-docs #5921, #6108.
    """

    def __init__(self, rest: Rest, words: Wording) -> None:
        self._rest = rest
        self._words = words

    async def redact(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        """Empty *posts*, threads last: a locked and archived one takes no edits.

        What is deleted is passed over, and what Discord refuses too: it would refuse again.
        """
        return await self._each(incident, posts, self._empty)

    async def unname(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        """Take what *posts* of other subjects say of *incident* out of them; as `redact`.

        A post that was edited is not done: it is read again, since another edit may have crossed this one.
        """
        return await self._each(incident, posts, self._unname)

    async def _each(self, incident: Incident, posts: Sequence[Delivery], edit: _Edit) -> Redacted:
        done: list[int] = []
        refused: list[int] = []
        late: list[int] = []
        left: list[LeftBehind] = []
        waits: list[timedelta | None] = []
        for post in sorted(posts, key=lambda post: post.kind is DeliveryKind.THREAD):
            try:
                left += await edit(incident, post)
            except DeliveryRefused as error:
                done.append(post.id)
                if error.http_status != HTTPStatus.NOT_FOUND:
                    log.warning("post.not_redacted", delivery_id=post.id, kind=post.kind, code=error.code)
                    refused.append(post.id)
            except UpstreamUnavailable as away:
                waits.append(away.capacity_in)
                tell_of_wait("post.redaction_postponed", post, away)
                if away.http_status != HTTPStatus.TOO_MANY_REQUESTS:
                    break  # Discord is away: the others would wait for nothing
                late += [post.id] if _is_long(away) else []
            except _Edited:
                waits.append(_READ_AGAIN)
            else:
                done.append(post.id)
        return Redacted(done, refused, late, soonest(waits), left)

    async def left_behind(self, incident: Incident, thread_id: int) -> LeftBehind | None:
        """Return what a public thread still reveals of *incident*; None when the thread is gone.

        Raises:
            DeliveryRefused: it may not be read. UpstreamUnavailable.
        """
        names: list[str] = []
        written = 0
        try:
            async for message in self._messages(thread_id):
                if message.get("type") == _NAME_CHANGE:
                    names.append(str(message.get("content") or ""))
                elif message.get("type") in _WRITTEN and not self._is_ours(message):
                    written += 1
        except DeliveryRefused as refused:
            if refused.http_status == HTTPStatus.NOT_FOUND:
                return None
            raise
        telling = tuple(
            dict.fromkeys(name for name in reversed(names) if _tells(self._words, name, incident))
        )
        return LeftBehind(thread_id, telling, written)

    async def delete_thread(self, thread_id: int) -> None:
        """Delete a thread; one that is gone already is no error. Raises as `left_behind`."""
        try:
            await self._rest.do(channel_route("DELETE", thread_id))
        except DeliveryRefused as refused:
            if refused.http_status != HTTPStatus.NOT_FOUND:
                raise

    async def _empty(self, incident: Incident, post: Delivery) -> list[LeftBehind]:
        if post.kind is DeliveryKind.THREAD:
            return await self._close(incident, post.message_id or 0)
        route = message_route("PATCH", post.channel_id, post.message_id)
        edit = partial(self._rest.one, route, json={**redacted(self._words, incident), **without_files(post)})
        await in_thread(self._rest, post.channel_id, edit)
        return []

    async def _unname(self, incident: Incident, post: Delivery) -> list[LeftBehind]:
        """Edit a post that names the incident.

        Raises:
            _Edited; DeliveryRefused; UpstreamUnavailable.
        """
        there = await self._rest.one(message_route("GET", post.channel_id, post.message_id))
        body = without_incident(self._words, incident, there)
        if not body:
            return []
        route = message_route("PATCH", post.channel_id, post.message_id)
        await in_thread(self._rest, post.channel_id, partial(self._rest.one, route, json=body))
        raise _Edited

    async def _close(self, incident: Incident, thread_id: int) -> list[LeftBehind]:
        """Remove the title from the thread's name, lock and archive it, and return what it still reveals.

        The thread is locked and archived even if Discord refuses the rename or delays it for long.

        Raises:
            DeliveryRefused; UpstreamUnavailable: a third name in ten minutes, for instance.
        """
        named = {"name": left_thread_name(self._words, incident), "archived": False}
        try:
            await self._rest.one(channel_route("PATCH", thread_id), json=named)
        except DeliveryRefused as refused:
            if refused.http_status != HTTPStatus.NOT_FOUND:
                await self._put_to_sleep(thread_id)
            raise
        except UpstreamUnavailable as away:
            if _is_long(away):
                await self._put_to_sleep(thread_id)
            raise
        await self._lock(thread_id)
        left = await self.left_behind(incident, thread_id)
        return [] if left is None or left.is_nothing else [left]

    async def _put_to_sleep(self, thread_id: int) -> None:
        """Lock and archive the thread under its old name, once, so that no list of threads shows it."""
        with suppress(DeliveryRefused):  # the refused rename is reported already
            thread = await self._rest.one(channel_route("GET", thread_id))
            metadata = thread.get("thread_metadata")
            if isinstance(metadata, dict) and metadata.get("archived") and metadata.get("locked"):
                return
            # Discord locks no thread that is archived (discord-api-docs #6928).
            await self._rest.one(channel_route("PATCH", thread_id), json={"archived": False})
            await self._lock(thread_id)

    async def _lock(self, thread_id: int) -> None:
        await self._rest.one(channel_route("PATCH", thread_id), json={"locked": True, "archived": True})

    def _is_ours(self, message: Payload) -> bool:
        author = message.get("author")
        return isinstance(author, dict) and snowflake(author) == self._rest.own_id

    async def _messages(self, thread_id: int) -> AsyncIterator[Payload]:
        """Yield everything in a thread, newest first."""
        before: dict[str, object] = {}
        while True:
            page = await self._rest.many(messages_route("GET", thread_id), params={"limit": _PAGE, **before})
            for message in page:
                yield message
            if len(page) < _PAGE:
                return
            before = {"before": snowflake(page[-1])}


def _tells(words: Wording, name: str, incident: Incident) -> bool:
    """Return whether a thread's name has words besides the drill mark, the incident's number and symbols."""
    rest = name.replace(incident.label, "").replace(words.drilled(incident, ""), "")
    return any(letter.isalnum() for letter in rest)


def _is_long(away: UpstreamUnavailable) -> bool:
    """Return whether the wait is so long that people will read the old text meanwhile."""
    return away.capacity_in is not None and away.capacity_in >= _LONG

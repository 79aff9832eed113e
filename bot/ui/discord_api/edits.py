"""Edits that keep an incident's posts true, and that empty them once it is private. An edit never pings.

It allows the `@here` of a post that still asks for people all the same: Discord rebuilds the mentions of what
is edited, and without that the alert would lose its highlight a second after it was posted.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Final, TypeAlias

import structlog

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.delivery.limits import LATER
from bot.domain.errors import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Crowded, DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.incident.posting import by_attention, has_moved, shows_old_details
from bot.domain.jobs import current, urgency
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.privacy import LeftBehind
from bot.domain.text import folded
from bot.services.ports import Redacted, Refreshed, soonest
from bot.ui.discord_api.client import Payload, Rest, channel_route, message_route, messages_route, snowflake
from bot.ui.discord_api.places import Places
from bot.ui.discord_api.threads import archive, in_thread, is_archived, without_files
from bot.ui.posts.incident.private import (
    addressed,
    left_thread_name,
    private_thread_name,
    redacted,
    unaddressed,
    without_incident,
)
from bot.ui.posts.incident.thread import thread_name
from bot.ui.posts.renderer import is_refreshed, left_name, render
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

#: Discord's error codes when the alert or the thread itself was deleted, by kind of delivery.
_GONE: Mapping[AnyDeliveryKind, Collection[int]] = {
    DeliveryKind.ALERT: {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE},
    **{kind: {UNKNOWN_CHANNEL} for kind in DeliveryKind if kind.spec.opens_thread},
}


class Refresher:
    """Renders each post anew and puts it over the old one."""

    def __init__(self, rest: Rest, words: Wording, places: Places) -> None:
        self._rest = rest
        self._words = words
        self._places = places

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Refreshed:
        """Edit what is shown of *incident*: what people look at first, the thread's name last.

        Posts that newer ones have replaced let the edits of other incidents pass: there may be so many that
        they use up the limit of their channel.

        What Discord refuses (deleted, no permission any more) is passed over: it would refuse again. What it
        wants later (too many edits of an old message, a third name in ten minutes) holds up nothing else.
        """
        gone: list[int] = []
        waits: list[timedelta | None] = []
        edited = [post for post in posts if is_refreshed(self._words.about(incident), post, incident)]
        done = [post.id for post in posts if post not in edited and not post.kind.spec.opens_thread]
        awaited, replaced = by_attention(edited, incident)
        edits = [(self._edit_message, post, current()) for post in awaited]
        edits += [(self._edit_message, post, min(current(), LATER)) for post in replaced]
        renames = [(self._rename, post, current()) for post in posts if post.kind.spec.opens_thread]
        for edit, post, how_urgent in (*edits, *renames):
            try:
                with urgency(how_urgent):
                    await edit(incident, post)
            except DeliveryRefused as refused:
                _passed_over(post, refused)
                done.append(post.id)
                gone += [post.id] if refused.code in _GONE.get(post.kind, ()) else []
            except UpstreamUnavailable as away:
                waits.append(away.capacity_in)
                tell_of_wait("post.refresh_postponed", post, away)
                if away.http_status != HTTPStatus.TOO_MANY_REQUESTS:
                    break  # Discord is away: the others would wait for nothing
            else:
                done.append(post.id)
        return Refreshed(done, gone, soonest(waits))

    async def _edit_message(self, incident: Incident, post: Delivery) -> None:
        body = render(await self._words_for(incident, post), post, incident)
        if incident.is_private:
            body = unaddressed(body)
        elif isinstance(post.kind, DeliveryKind):
            body = addressed(body, await self._places.rung_roles(incident))
        edit = partial(self._rest.one, message_route("PATCH", post.channel_id, post.message_id), json=body)
        await in_thread(self._rest, post.channel_id, edit, sleeps_on=_was_put_to_sleep(incident))

    async def _words_for(self, incident: Incident, post: Delivery) -> Wording:
        """Return the wording that knows the account of a DM's reader: a responder is on record by it."""
        handle = post.recipient if post.kind is DeliveryKind.PAGE and incident.is_open else None
        if handle is None:
            return self._words
        person = OnCallPerson(handle, handle, user_id=id_of(handle))
        with suppress(DeliveryRefused, UpstreamUnavailable):  # then their name has to do
            user_id = await self._places.person(incident.guild_id, person)
            return replace(self._words, user_ids={handle: user_id})
        return self._words

    async def _rename(self, incident: Incident, post: Delivery) -> None:
        moved, words = has_moved(post, incident), self._words.about(incident)
        if post.kind is DeliveryKind.PRIVATE_THREAD:  # one that was left is not there: it was deleted
            name = private_thread_name(words, incident)
        else:
            name = (left_name if moved else thread_name)(words, incident)
        thread = await self._rest.one(channel_route("GET", post.message_id))
        archived = is_archived(thread)
        # Discord may strip signs from a name: without folding, each refresh would rename it once more.
        is_other = folded(str(thread.get("name"))) != folded(name)
        is_wrong = shows_old_details(post, incident) and is_other
        if archived and (moved or not (incident.is_open or is_wrong)):
            return  # left asleep: its name shows in no list that anybody watches
        wanted = {"archived": False, "name": name} if archived else {"name": name}
        if archived or is_other:
            await self._rest.one(channel_route("PATCH", post.message_id), json=wanted)
        if archived and _was_put_to_sleep(incident):
            await archive(self._rest, post.message_id)


async def redraw(rest: Rest, post: Delivery, body: Mapping[str, object]) -> None:
    """Put *body* over a message; one that is gone, or that Discord refuses to edit, is passed over.

    Raises:
        UpstreamUnavailable: it may work later.
    """
    try:
        await rest.one(message_route("PATCH", post.channel_id, post.message_id), json=body)
    except DeliveryRefused as refused:
        _passed_over(post, refused)


def _was_put_to_sleep(incident: Incident) -> bool:
    """Return whether the incident has ended and its thread was archived; an edit must archive it again."""
    return not incident.is_open and incident.thread.archive_at is None


def tell_of_wait(event: str, post: Delivery, away: UpstreamUnavailable) -> None:
    """Log *event* when Discord puts a request off. A wait in the bot's own queue is not logged."""
    if not isinstance(away, Crowded):
        retry_s = None if away.capacity_in is None else away.capacity_in.total_seconds()
        log.info(event, delivery_id=post.id, http_status=away.http_status, retry_s=retry_s)


def _passed_over(post: Delivery, refused: DeliveryRefused) -> None:
    log.info(
        "post.not_refreshed",
        delivery_id=post.id,
        kind=post.kind,
        http_status=refused.http_status,
        code=refused.code,
    )


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
                elif message.get("type") in _WRITTEN:
                    author = message.get("author")
                    is_ours = isinstance(author, dict) and snowflake(author) == self._rest.own_id
                    written += not is_ours
        except DeliveryRefused as refused:
            if refused.http_status == HTTPStatus.NOT_FOUND:
                return None
            raise
        # Telling names have words besides the drill mark, the incident's number and symbols.
        mark = self._words.about(incident).drilled(incident, "")
        rests = {name: name.replace(incident.label, "").replace(mark, "") for name in reversed(names)}
        telling = tuple(name for name, rest in rests.items() if any(letter.isalnum() for letter in rest))
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
        words = self._words.about(incident)
        edit = partial(self._rest.one, route, json={**redacted(words, incident), **without_files(post)})
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
        named = {"name": left_thread_name(self._words.about(incident), incident), "archived": False}
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


def _is_long(away: UpstreamUnavailable) -> bool:
    """Return whether the wait is so long that people will read the old text meanwhile."""
    return away.capacity_in is not None and away.capacity_in >= _LONG

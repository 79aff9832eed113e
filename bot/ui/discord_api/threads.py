"""Where a delivery goes: its channel, the message it belongs to, and archived or private threads."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import discord
import structlog
from discord.http import Route

from bot.domain.delivery.delivery import AttachedFiles, Attachment, Delivery, Posted, Request
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.text import folded
from bot.domain.timeline.recorded import PinSeenData
from bot.services.ports import Subject
from bot.services.shared.fencing import ALONE_S
from bot.ui.discord_api.client import (
    Payload,
    Rest,
    channel_route,
    message_route,
    require_fresh,
    route_of,
    snowflake,
)
from bot.ui.posts.bodies import Body

log = structlog.get_logger(__name__)


def home_channel(delivery: Delivery, subject: Subject) -> int:
    """Return the id of the incident's thread; until it is recorded, take it from the delivery before."""
    if delivery.kind is DeliveryKind.THREAD_START:
        return require_id(delivery.after_message_id)  # it waited for the thread, whose id this is
    if delivery.kind in (DeliveryKind.THREAD_CARD, DeliveryKind.THREAD_SHEET):
        return require_id(delivery.after_channel_id)
    incident = subject if isinstance(subject, Incident) else None
    in_thread = delivery.to != "alert" and incident is not None and incident.thread.id is not None
    if in_thread and incident is not None:
        return require_id(incident.thread.id)
    return require_id(delivery.after_channel_id or (incident.post.channel_id if incident else None))


def answering(incident: Incident, channel_id: int) -> Mapping[str, object]:
    """Return the fields that make a line in the alert's channel a reply to the alert; none elsewhere."""
    if channel_id != incident.post.channel_id or incident.post.message_id is None:
        return {}
    return answer_to(incident.post.message_id)


def answer_to(message_id: int) -> Mapping[str, object]:
    """Return the fields that make a message a reply to another."""
    # The other message may just have been deleted: post the reply all the same.
    return {"message_reference": {"message_id": str(message_id), "fail_if_not_exists": False}}


def parent_message(delivery: Delivery) -> tuple[int, int]:
    """Return the message that a thread or reaction belongs to: the awaited one, or the one that it names."""
    if delivery.kind is DeliveryKind.PIN_SEEN:
        pinned = PinSeenData.from_json(delivery.data)
        return pinned.channel_id, pinned.message_id
    return require_id(delivery.after_channel_id), require_id(delivery.after_message_id)


def require_id(snowflake_id: int | None) -> int:
    """Return the id; it must be known by now.

    Raises:
        UpstreamUnavailable: it is not yet; later it may be.
    """
    if snowflake_id is None:
        raise UpstreamUnavailable("what this hangs on is not there yet")
    return snowflake_id


_ARCHIVED: Final = 50083


async def archive(rest: Rest, thread_id: int | None) -> None:
    """Put a thread to sleep; one that is gone, or that may not be archived, is passed over.

    Raises:
        UpstreamUnavailable: it may work later.
    """
    try:
        await rest.one(channel_route("PATCH", thread_id), json={"archived": True})
    except DeliveryRefused as refused:
        log.info("thread.not_archived", thread_id=thread_id, code=refused.code)


async def in_thread(
    rest: Rest, thread_id: int | None, ask: Callable[[], Awaitable[object]], *, sleeps_on: bool = True
) -> None:
    """Call *ask*; if the thread is archived, call it again while the thread is awake.

    Args:
        thread_id: The thread that *ask* is about. Elsewhere nothing is ever archived.
        sleeps_on: Put the thread back to sleep afterwards.

    Raises:
        What *ask* raises.
    """
    try:
        await ask()
    except DeliveryRefused as refused:
        if refused.code != _ARCHIVED:
            raise
        await rest.one(channel_route("PATCH", thread_id), json={"archived": False})
        await ask()
        if sleeps_on:
            await archive(rest, thread_id)


def is_archived(thread: Payload) -> bool:
    """Return whether a Channel object of Discord's is an archived thread."""
    metadata = thread.get("thread_metadata")
    return isinstance(metadata, dict) and bool(metadata.get("archived"))


_CLOCK_SKEW: Final = timedelta(seconds=10)  # between the database, which timed the attempt, and Discord


class PrivateThreads:
    """Makes private threads. Discord knows no nonce for them: an earlier attempt's is looked for by name."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def make(self, request: Request) -> Posted:
        """Start Thread without Message; not by an attempt that was stopped: another may have made it.

        Raises:
            DeliveryRefused: Discord will never take it. UpstreamUnavailable. Crowded: it was stopped.
        """
        require_fresh(after_s=ALONE_S)
        made = await self._rest.one(route_of(request), json=request.body)
        return Posted(request.channel_id, snowflake(made))

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """Return the thread that an attempt after *since* has made, if any. Raises as `make`."""
        after = discord.utils.time_snowflake(since - _CLOCK_SKEW)
        async for thread in self._ours(request.channel_id):
            named = folded(str(thread.get("name"))) == folded(str(request.body["name"]))
            if named and snowflake(thread) > after:
                return Posted(request.channel_id, snowflake(thread))
        return None

    async def let_in(self, request: Request) -> Posted:
        """Add Thread Member; does nothing for a person who is already in it. Raises as `make`.

        An archived thread accepts no members, so it is unarchived for the call.
        """
        return await self._change(request)

    async def take_out(self, request: Request) -> Posted:
        """Remove Thread Member; a person who is not in the thread or has left the server counts as removed.

        Raises as `make`. An archived thread is unarchived as for `let_in`.
        """
        try:
            return await self._change(request)
        except DeliveryRefused as refused:
            if not refused.is_no_member:
                raise
            return Posted(request.channel_id, require_id(request.message_id))

    async def _change(self, request: Request) -> Posted:
        user_id = require_id(request.message_id)
        await in_thread(self._rest, request.channel_id, partial(self._rest.do, route_of(request)))
        return Posted(request.channel_id, user_id)

    async def _ours(self, channel_id: int) -> AsyncIterator[Payload]:
        """Yield the threads that this bot has made in a channel, the active ones first."""
        channel = await self._rest.one(channel_route("GET", channel_id))
        active = Route("GET", "/guilds/{guild_id}/threads/active", guild_id=snowflake(channel, "guild_id"))
        archived = Route(
            "GET", "/channels/{channel_id}/users/@me/threads/archived/private", channel_id=channel_id
        )
        for route in (active, archived):
            threads = (await self._rest.one(route)).get("threads")
            for thread in threads if isinstance(threads, list) else ():
                if not isinstance(thread, dict):
                    continue
                is_here = thread.get("parent_id") == str(channel_id)
                if is_here and thread.get("owner_id") == str(self._rest.own_id):
                    yield thread


async def replace_files(rest: Rest, body: Body, post: Delivery, files: Sequence[Attachment]) -> None:
    """Put *body* over a message, and *files* in the place of those that it had; wake its thread for that.

    Raises:
        DeliveryRefused: the message is gone, or may not be edited. UpstreamUnavailable.
    """
    route = message_route("PATCH", post.channel_id, post.message_id)
    await in_thread(rest, post.channel_id, partial(rest.one, route, json=body, files=files))


def without_files(post: Delivery) -> Body:
    """Return the field that removes the files of a message by an edit; none for a message without files."""
    return {"attachments": []} if AttachedFiles.from_json(post.data).files else {}

"""Edits that keep an incident's posts true. An edit never pings."""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from discord.http import Route

from bot.domain.delivery import Delivery, DeliveryKind
from bot.domain.errors import DeliveryRefused
from bot.domain.incident import Incident
from bot.ui.renderer import REFRESHED, render
from bot.ui.rest import Rest
from bot.ui.threads import thread_name
from bot.ui.wording import Wording

log = structlog.get_logger(__name__)

_ARCHIVED = 50083

_Edit = Callable[[Incident, Delivery], Awaitable[None]]


class Refresher:
    """Renders each post anew and puts it over the old one."""

    def __init__(self, rest: Rest, words: Wording) -> None:
        self._rest = rest
        self._words = words

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> None:
        """Edit what is shown of *incident*, messages first, the thread's name last.

        What Discord refuses (deleted, no permission any more, too many edits of an old message) is passed
        over: it would refuse again.

        Raises:
            UpstreamUnavailable: it may work later; what was edited before stays edited.
        """
        for post in posts:
            if post.kind in REFRESHED and post.channel_id is not None and post.message_id is not None:
                await self._try(self._edit_message, incident, post)
        # Discord takes two names in ten minutes: a wait there must not hold up the rest.
        for post in posts:
            if post.kind is DeliveryKind.THREAD and post.message_id is not None:
                await self._try(self._rename, incident, post)

    async def _try(self, edit: _Edit, incident: Incident, post: Delivery) -> None:
        try:
            await edit(incident, post)
        except DeliveryRefused as refused:
            log.info(
                "post.not_refreshed",
                delivery_id=post.id,
                kind=post.kind,
                http_status=refused.http_status,
                code=refused.code,
            )

    async def _edit_message(self, incident: Incident, post: Delivery) -> None:
        body = render(self._words, post, incident)
        route = Route(
            "PATCH",
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=post.channel_id,
            message_id=post.message_id,
        )
        try:
            await self._rest.one(route, json=body)
        except DeliveryRefused as refused:
            if refused.code != _ARCHIVED:
                raise
            # The card is in the thread; a message elsewhere is never in an archived one.
            await self._rest.one(_channel("PATCH", post.channel_id), json={"archived": False})
            await self._rest.one(route, json=body)

    async def _rename(self, incident: Incident, post: Delivery) -> None:
        name = thread_name(self._words, incident)
        thread = await self._rest.one(_channel("GET", post.message_id))
        metadata = thread.get("thread_metadata")
        archived = isinstance(metadata, dict) and bool(metadata.get("archived"))
        # An archived thread is left asleep: its name shows in no list that anybody watches.
        if not archived and thread.get("name") != name:
            await self._rest.one(_channel("PATCH", post.message_id), json={"name": name})


def _channel(method: str, channel_id: int | None) -> Route:
    return Route(method, "/channels/{channel_id}", channel_id=channel_id)

"""`bot.services.ports.OfflineAlerter` over HTTP: a message and an email without a delivery."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from bot.domain.delivery.delivery import Posted
from bot.domain.errors import UNKNOWN_MESSAGE, DeliveryRefused, UpstreamUnavailable
from bot.domain.installation import nonce_of
from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, Watch
from bot.services.ports import Email
from bot.ui.buttons import reaction_of
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.reading.history import posted, standing_message
from bot.ui.discord_api.reading.places import Places
from bot.ui.discord_api.reading.reactions import react
from bot.ui.discord_api.routes import messages_route
from bot.ui.posts.bodies import Body
from bot.ui.posts.paging.outage import emergency_mail, emergency_post
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

_LOOK_WITHIN_S: Final = 1.5


class RestOfflineAlerter:
    """Posts escalations by REST, without the database; an `OfflineAlerter`."""

    def __init__(self, rest: Rest, places: Places, words: Wording) -> None:
        self._rest = rest
        self._places = places
        self._words = words

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        channel_id = await self._channel(watch, message.to)
        body = emergency_post(self._words, watch, message)
        before = message.attempt
        if before and (there := await self._find(channel_id, json.loads(before.body), since=before.at)):
            return there
        since = message.sought_since
        if since is not None and (there := await self._find(channel_id, body, since=since)):
            return there
        try:
            return await self._send(channel_id, body, nonce=nonce)
        except DeliveryRefused as refused:
            if refused.code != UNKNOWN_MESSAGE:
                raise
        return await self._again(channel_id, watch, message, nonce=nonce)

    async def _again(self, channel_id: int, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        """Post quietly a message that was deleted after it pinged people: a 👀 needs a place.

        Every process does so under the same new nonce.

        Args:
            nonce: Of the deleted message.
        """
        quiet = emergency_post(self._words, watch, replace(message, rings=False))
        log.info("emergency.deleted_since", watch=watch.key, word=message.kind)
        there = await self._send(channel_id, quiet, nonce=nonce_of(nonce, "again"))
        return replace(there, pinged=message.rings)

    async def _send(self, channel_id: int, body: Body, *, nonce: str) -> Posted:
        route = messages_route("POST", channel_id)
        return posted(await self._rest.one(route, json={**body, "nonce": nonce, "enforce_nonce": True}))

    async def _find(self, channel_id: int, body: Body, *, since: datetime) -> Posted | None:
        """Return the copy that was posted earlier, if any: Discord remembers a nonce for minutes only."""
        try:
            async with asyncio.timeout(_LOOK_WITHIN_S):
                return await standing_message(self._rest, channel_id, body, since=since)
        except (DeliveryRefused, UpstreamUnavailable, TimeoutError):
            return None  # better twice than never

    async def seed(self, alert: Posted) -> None:
        emoji = reaction_of(self._words.policy.ack_emoji)
        await react(self._rest, alert.channel_id, alert.message_id, emoji=emoji)

    def mail(self, watch: Watch, kind: OfflineKind, *, to: OnCallPerson, nonce: str, first: str) -> Email:
        return emergency_mail(self._words, watch, kind, to=to, nonce=nonce, first=first)

    async def _channel(self, watch: Watch, to: str) -> int:
        kind, _, name = to.partition(":")
        if kind == "person":
            holder = await self._places.holder(watch.guild_id, name)
            return await self._places.direct(watch.guild_id, holder)
        if kind == "thread":
            return int(name)
        return await self._places.channel(
            watch.guild_id, name or self._words.policy.rules(watch.severity).channel
        )

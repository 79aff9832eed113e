"""Private threads over HTTP: made once, found again after a crash, and who is let in."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import discord
from discord.http import Route

from bot.domain.delivery.delivery import Posted, Request
from bot.domain.errors import DeliveryRefused
from bot.domain.text import folded
from bot.services.shared.fencing import ALONE_S
from bot.ui.discord_api.client import Payload, Rest, require_fresh, snowflake
from bot.ui.discord_api.destinations import require_id
from bot.ui.discord_api.routes import channel_route, route_of
from bot.ui.discord_api.threads import in_thread

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

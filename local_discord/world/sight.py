"""Which channels the bot may view: gaining one brings the threads in it.

Source: Discord's docs, Topics > Threads > Gaining Access to Channels; Gateway Events > Thread List Sync.
"""

from collections.abc import Sequence
from typing import Final

from local_discord.core import Core
from local_discord.gateway.hub import Event
from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.payloads import channel_payload, thread_member_payload
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.world import Channel

_WITH_THREADS: Final = (ChannelType.TEXT, ChannelType.ANNOUNCEMENT, ChannelType.FORUM)
# What changes permissions, and what makes or ends a channel.
_MATTERS: Final = ("CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "GUILD_ROLE_", "GUILD_MEMBER_UPDATE")


class Sight:
    """Remembers what the bot could view when it last looked."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._seen: dict[str, bool] = {}
        self.look()

    def look(self) -> list[Channel]:
        """Look anew; the channels that were hidden before and are no longer. New ones are not among them."""
        world, before = self._core.world, self._seen
        channels = [one for one in world.channels.values() if one.type in _WITH_THREADS]
        self._seen = {one.id: self._may_view(one) for one in channels}
        return [one for one in channels if self._seen[one.id] and before.get(one.id) is False]

    def after(self, event: Event) -> Event | None:
        """THREAD_LIST_SYNC when *event* let the bot view channels that it could not view before."""
        gained = self.look() if event.name.startswith(_MATTERS) else []
        return Event("THREAD_LIST_SYNC", self._threads(gained)) if gained else None

    def _threads(self, gained: Sequence[Channel]) -> JSON:
        world = self._core.world
        ids = [channel.id for channel in gained]
        inside = [one for one in world.threads(archived=False) if one.parent_id in ids]
        active = [one for one in inside if self._may_view(one)]
        mine = [one for one in active if one.thread and world.application.id in one.thread.members]
        return {
            "guild_id": world.guild.id,
            "channel_ids": ids,
            "threads": [channel_payload(world, one) for one in active],
            "members": [thread_member_payload(one, world.application.id) for one in mine],
        }

    def _may_view(self, channel: Channel) -> bool:
        world = self._core.world
        return bool(channel_permissions(world, world.application.id, channel) & P.VIEW_CHANNEL)

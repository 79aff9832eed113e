"""Which channels the bot may view: gaining one brings it and the threads in it, losing one hides it.

Source: Discord's docs, Resources > Channel > Obfuscated Channels; Topics > Threads > Gaining Access to
Channels; Gateway Events > Thread List Sync.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from local_discord.core import Core
from local_discord.gateway.hub import Event
from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.obfuscation import is_viewable
from local_discord.world.payloads import channel_payload, is_listed, thread_member_payload
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
        """Look anew; the channels that have come into sight or gone out of it, new ones not among them."""
        world, before = self._core.world, self._seen
        channels = [one for one in world.channels.values() if is_listed(one)]
        self._seen = {one.id: is_viewable(world, one) for one in channels}
        return [one for one in channels if before.get(one.id, self._seen[one.id]) is not self._seen[one.id]]

    def after(self, event: Event) -> Iterator[Event]:
        """Yield what follows *event*, if it let the bot view channels or hid them.

        Each of them comes as CHANNEL_UPDATE, except the one that *event* itself has brought; THREAD_LIST_SYNC
        brings the threads of those that it may view now.
        """
        changed = self.look() if event.name.startswith(_MATTERS) else []
        for channel in changed:
            if event.channel is not channel:
                data = channel_payload(self._core.world, channel)
                yield Event("CHANNEL_UPDATE", data, channel, regardless=True, on_sight=True)
        gained = [one for one in changed if one.type in _WITH_THREADS and self._seen[one.id]]
        if gained:
            yield Event("THREAD_LIST_SYNC", self._threads(gained))

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

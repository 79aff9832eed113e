"""Read marks: what each person has read, and their unread messages."""

from itertools import takewhile

from local_discord.core import Core
from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.world import Channel

_MOST_COUNTED = 100


class Marks:
    """The newest message that each person has seen, by channel. As Discord does, the server keeps them."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def read(self, user_id: str, channel_id: str) -> None:
        """Everything in the channel has been seen by *user_id*."""
        channel = self._core.world.channels.get(channel_id)
        if channel and channel.last_message_id:
            self._core.world.read.setdefault(user_id, {})[channel_id] = int(channel.last_message_id)

    def of(self, user_id: str, channel: Channel) -> JSON:
        """``read`` (the newest message seen), ``unread``, ``mentions`` (how many new ones call *user_id*)."""
        seen = self._core.world.read.get(user_id, {}).get(channel.id, 0)
        if int(channel.last_message_id or 0) <= seen:
            return {"read": str(seen), "unread": False, "mentions": 0}
        newest_first = reversed(self._core.world.messages[channel.id].values())
        new = [
            message
            for message in takewhile(lambda one: int(one.id) > seen, newest_first)
            if not message.ephemeral_to and message.author_id != user_id
        ]
        calls = sum(self._calls(user_id, channel, message) for message in new[:_MOST_COUNTED])
        return {"read": str(seen), "unread": bool(new), "mentions": calls}

    def _calls(self, user_id: str, channel: Channel, message: Message) -> bool:
        member = self._core.world.members.get(user_id)
        roles = set(member.roles) if member else set()
        return bool(
            channel.is_dm
            or message.mention_everyone
            or user_id in message.mentions
            or roles.intersection(message.mention_roles)
        )

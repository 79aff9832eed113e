"""Reactions: adding and removing, with the events. Source: Discord's docs, Resources > Message."""

from local_discord.core import Core
from local_discord.errors import ApiError, refused
from local_discord.messages.emojis import bare, is_unicode_emoji
from local_discord.world import events
from local_discord.world.access import not_archived, require
from local_discord.world.message import Message
from local_discord.world.permissions import P

_MOST_EMOJIS = 20


def check_emoji(emoji: str) -> None:
    """Raise 10014 unless *emoji* may be a Unicode emoji; the guild has no custom ones."""
    if not is_unicode_emoji(emoji):
        raise ApiError(400, 10014, "Unknown Emoji")


def known(message: Message, emoji: str) -> str:
    """Return *emoji* as *message* spells it (✏ and ✏️ are one); unchanged if it has no such reaction."""
    return next((one for one in message.emojis if bare(one) == bare(emoji)), emoji)


def react(core: Core, message: Message, user_id: str, emoji: str, *, burst: bool = False) -> None:
    """Add a reaction, or with *burst* a super reaction; nothing happens when it is there already.

    Source of super reactions: Resources > Message > Reaction Object; discord-api-docs #6056, #6375.

    Raises:
        ApiError: 10014, 50013 (the first of its kind needs ADD_REACTIONS), 50083, 30010.
    """
    check_emoji(emoji)
    emoji = known(message, emoji)
    channel = core.world.channels[message.channel_id]
    require(core, user_id, channel, P.READ_MESSAGE_HISTORY)
    if emoji not in message.emojis:
        require(core, user_id, channel, P.ADD_REACTIONS)
        if len(message.emojis) >= _MOST_EMOJIS:
            raise refused(30010)
    not_archived(channel)
    users = _of(message, burst=burst).setdefault(emoji, [])
    if user_id not in users:
        users.append(user_id)
        events.reaction_changed(core, "MESSAGE_REACTION_ADD", message, user_id, emoji, burst=burst)


def unreact(core: Core, message: Message, user_id: str, emoji: str, *, burst: bool = False) -> None:
    """Remove a reaction; nothing happens when it is not there."""
    check_emoji(emoji)
    emoji = known(message, emoji)
    not_archived(core.world.channels[message.channel_id])
    reactions = _of(message, burst=burst)
    users = reactions.get(emoji, [])
    if user_id in users:
        users.remove(user_id)
        if not users:
            del reactions[emoji]
        events.reaction_changed(core, "MESSAGE_REACTION_REMOVE", message, user_id, emoji, burst=burst)


def _of(message: Message, *, burst: bool) -> dict[str, list[str]]:
    return message.bursts if burst else message.reactions

"""Channels that the bot may not view, as the gateway shows them.

Source: Discord's docs, Resources > Channel > Obfuscated Channels (discord-api-docs #8454).
"""

from typing import Final

from local_discord.world.kinds import JSON, ChannelFlag, ChannelType, extra_of
from local_discord.world.payloads import channel_payload
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.world import Channel, Overwrite, World

_NAME: Final = "___hidden___"
# What an obfuscated channel is known to have. "Other fields should not be relied on."
_DOCUMENTED: Final = frozenset(
    {"id", "type", "guild_id", "position", "parent_id", "name", "flags", "permission_overwrites"}
)


def is_viewable(world: World, channel: Channel) -> bool:
    """True for channels with VIEW_CHANNEL, those whose voice the bot is in, and categories of such."""
    bot_id, voice = world.application.id, world.voice.get(world.application.id)
    if channel_permissions(world, bot_id, channel) & P.VIEW_CHANNEL:
        return True
    if channel.type is ChannelType.CATEGORY:
        return any(is_viewable(world, one) for one in world.channels.values() if one.parent_id == channel.id)
    return voice is not None and voice.channel_id == channel.id


def obfuscated(world: World, channel: Channel) -> JSON:
    """Return the payload of *channel* for a bot that may not view it.

    Discord says that sensitive fields are "nulled or reduced", and not which: here all are as in a new
    channel of that kind, so that none is null that its description does not let be null. With the
    application's `obfuscates_to_null`, all are null.
    """
    everyone = world.guild.id
    hidden = Channel(
        channel.id,
        channel.type,
        _NAME,
        parent_id=channel.parent_id,
        position=channel.position,
        flags=ChannelFlag.CHANNEL_OBFUSCATED,
        extra=extra_of(channel.type),
        overwrites={everyone: Overwrite(everyone, 0, deny=int(P.VIEW_CHANNEL))},
    )
    payload = channel_payload(world, hidden)
    if not world.application.obfuscates_to_null:
        return payload
    return {name: value if name in _DOCUMENTED else None for name, value in payload.items()}

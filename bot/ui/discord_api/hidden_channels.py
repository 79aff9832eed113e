"""Channels that the bot may not view, which the gateway obfuscates since 2026-11-16.

Source: Discord's docs, Resources > Channel > Obfuscated Channels (discord-api-docs #8454).
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import discord

#: A channel object of the gateway.
Payload: TypeAlias = Mapping[str, Any]

_OBFUSCATED: Final = 1 << 17  # among the channel's flags; discord.py 2.7.1 drops those of text channels
_REAL: Final = ("id", "type", "position", "parent_id", "name", "flags")

#: What discord.py takes from every voice channel without a default.
_REQUIRED: Final = {"bitrate": 0, "user_limit": 0}


def may_view(channel: discord.abc.GuildChannel) -> bool:
    """Return True if the bot may view *channel*. The name of another one is only Discord's placeholder."""
    return channel.permissions_for(channel.guild.me).view_channel


def readable(channel: Payload, *, guild_id: str) -> Payload:
    """Return the payload of *channel* as discord.py 2.7.1 can read it.

    Of an obfuscated channel, what Discord promises is kept, and all else is left out: any of it may be null,
    and a single null, such as a forum's tags, is a TypeError inside GUILD_CREATE that ends the session and
    leaves the server without its other channels. See Rapptz/discord.py#10473.
    """
    if not (channel.get("flags") or 0) & _OBFUSCATED:
        return channel
    hides = {
        "id": guild_id,
        "type": 0,
        "allow": "0",
        "deny": str(discord.Permissions(view_channel=True).value),
    }
    kept = {name: channel.get(name) for name in _REAL}
    return {**kept, **_REQUIRED, "guild_id": guild_id, "permission_overwrites": [hides]}

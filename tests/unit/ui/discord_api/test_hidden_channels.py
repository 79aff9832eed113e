"""Obfuscated channels as discord.py is given them."""

from typing import Any

import discord
import pytest

from bot.listening import ListeningBot, intents
from bot.ui.discord_api.places import may_view

GUILD, BOT, VIEW = 1100000000000000001, 1100000000000000002, 1 << 10
USER = {"id": str(BOT), "username": "bot", "discriminator": "0", "avatar": None}
HIDDEN = {
    "id": "1100000000000000900",
    "guild_id": str(GUILD),
    "position": 3,
    "parent_id": None,
    "name": "___hidden___",
    "flags": 1 << 17,
}
NULL = dict.fromkeys(("available_tags", "permission_overwrites", "nsfw", "topic", "bitrate", "user_limit"))
WHOLE = {**HIDDEN, "name": "plans", "flags": 0, "bitrate": 64_000, "user_limit": 0}
TEXT, VOICE, CATEGORY, NEWS, STAGE, FORUM, MEDIA = 0, 2, 4, 5, 13, 15, 16


def loaded(*channels: dict[str, Any]) -> tuple[Any, discord.Guild]:
    """The client's state, and a server in it whose @everyone sees every channel."""
    bot = ListeningBot(command_prefix="!", intents=intents())
    state: Any = bot._connection
    state.user = discord.ClientUser(state=state, data=USER)  # type: ignore[arg-type]  # the fields it reads
    everyone = {"id": str(GUILD), "name": "@everyone", "permissions": str(VIEW)}
    me = {"user": USER, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "flags": 0}
    server = {"id": str(GUILD), "name": "Parky", "unavailable": False, "member_count": 1}
    state.parse_guild_create({**server, "roles": [everyone], "members": [me], "channels": list(channels)})
    [guild] = bot.guilds
    return state, guild


@pytest.mark.parametrize("kind", [TEXT, VOICE, CATEGORY, NEWS, STAGE, FORUM, MEDIA])
@pytest.mark.parametrize("rest", [NULL, {}], ids=["null", "absent"])
async def test_a_hidden_channel_is_loaded_as_one(kind: int, rest: dict[str, None]) -> None:
    """Whatever Discord leaves null or leaves out of it, the server loads, and the bot may not view it."""
    state, guild = loaded({**HIDDEN, **rest, "type": kind})
    [channel] = guild.channels
    assert (channel.name, channel.position, may_view(channel)) == ("___hidden___", 3, False)
    state.parse_channel_update({**WHOLE, "type": kind})
    assert (channel.name, may_view(channel)) == ("plans", True)
    state.parse_channel_update({**HIDDEN, **rest, "type": kind})
    assert (channel.name, may_view(channel)) == ("___hidden___", False)


async def test_a_new_channel_may_be_hidden() -> None:
    """CHANNEL_CREATE brings a hidden channel as GUILD_CREATE does."""
    state, guild = loaded()
    state.parse_channel_create({**HIDDEN, **NULL, "type": FORUM})
    [channel] = guild.channels
    assert not may_view(channel)

"""A server with channels that the bot may not view, in each library: it has to load all the same.

Neither discord.py 2.7.1 nor disnake 2.12 knows obfuscated channels; hikari knows their flag. Where every
undocumented field is null, all three fail inside GUILD_CREATE: discord.py's client ends, disnake keeps the
channels before the first one that it cannot read, and hikari goes on without the guild.
"""

import asyncio
import warnings
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import hikari
import pytest
import yarl

from local_discord.server import LocalDiscord
from local_discord.tests.client import DEADLINE_S, Client
from local_discord.tests.libraries.hasty import GUILDS_WITHIN_S, Hasty
from local_discord.tests.libraries.test_hikari import bot_for

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # they import audioop
    import discord
    import disnake

#: Loads the guild with one library, and returns the names of its channels.
Load: TypeAlias = Callable[[LocalDiscord], Awaitable[list[str]]]

KINDS = {"plans": 0, "ideas": 15, "lounge": 2, "team": 4}
SEEN = ["general", "p0-alerts", "p1-ops", "p2-deploys", "p3-insights", "war-room"]


async def hide_some(client: Client, *, to_null: bool = False) -> None:
    """Add a text channel, a forum, a voice channel and a category that the bot may not view."""
    for name, kind in KINDS.items():
        await client.human("POST channel", channel=name, type=kind)
        await client.human("PATCH channel", channel=name, role="incident-bot", deny=1 << 10)
    await client.human("PATCH application", obfuscates_to_null=to_null)


async def by_discordpy(sandbox: LocalDiscord) -> list[str]:
    """Load the guild with discord.py, which ends if it cannot."""
    bot = Hasty(intents=discord.Intents(guilds=True), guild_ready_timeout=GUILDS_WITHIN_S)
    await bot.login(sandbox.address.token)
    connected, ready = asyncio.ensure_future(bot.connect()), asyncio.ensure_future(bot.wait_until_ready())
    await asyncio.wait({connected, ready}, timeout=DEADLINE_S, return_when=asyncio.FIRST_COMPLETED)
    names = [channel.name for guild in bot.guilds for channel in guild.channels]
    ready.cancel()
    await bot.close()
    await connected
    return names


async def by_disnake(sandbox: LocalDiscord) -> list[str]:
    """Load the guild with disnake."""
    bot = disnake.Client(intents=disnake.Intents(guilds=True))
    await bot.login(sandbox.address.token)
    connected = asyncio.ensure_future(bot.connect())
    await asyncio.wait_for(bot.wait_until_ready(), DEADLINE_S)
    names = [channel.name for guild in bot.guilds for channel in guild.channels]
    await bot.close()
    await connected
    return names


async def by_hikari(sandbox: LocalDiscord) -> list[str]:
    """Load the guild with hikari."""
    bot, heard = bot_for(sandbox, sandbox.address.token), asyncio.Queue[hikari.GuildAvailableEvent]()
    bot.event_manager.subscribe(hikari.GuildAvailableEvent, heard.put)
    await bot.start(check_for_updates=False)
    event = await asyncio.wait_for(heard.get(), DEADLINE_S)
    await bot.close()
    return [str(channel.name) for channel in event.channels.values()]


@pytest.fixture(autouse=True)
def here(sandbox: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point discord.py and disnake at the sandbox."""
    monkeypatch.setattr(discord.http.Route, "BASE", sandbox.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(sandbox.gateway))
    monkeypatch.setattr(disnake.http.Route, "BASE", sandbox.api_base)


@pytest.mark.parametrize("load", [by_discordpy, by_disnake, by_hikari])
async def test_a_server_with_hidden_channels_loads(sandbox: LocalDiscord, client: Client, load: Load) -> None:
    """Each library has all channels, the hidden ones by Discord's placeholder."""
    await hide_some(client)
    assert sorted(await load(sandbox)) == ["___hidden___"] * len(KINDS) + SEEN


async def test_discordpy_ends_at_a_forum_whose_tags_are_null(sandbox: LocalDiscord, client: Client) -> None:
    """Its TypeError ends the client: a bot has to guard against that, as long as Discord may send null."""
    await hide_some(client, to_null=True)
    with pytest.raises(TypeError):
        await by_discordpy(sandbox)

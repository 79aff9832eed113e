"""A world before its story: no posts, no bot, and a movable clock."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from local_discord.client import Human
from local_discord.server import LocalDiscord
from local_discord.tests.openapi.watch import hold_against_the_description
from local_discord.world.seed import GUILD_ID
from tests.e2e.world.bot import start_program
from tests.e2e.world.world import World
from tests.postgres import connect, install_movable_clock

_WEEKS_AROUND = """
INSERT INTO digests (guild_id, week, due_at)
SELECT $1, to_char(now() + weeks * interval '7 days', 'IYYY"-W"IW'), now()
  FROM generate_series(-3, 6) AS weeks
"""


async def hold_digests(database_url: str, guild_id: str) -> None:
    """Mark the digests of the weeks around as posted, so that stories do not differ on Mondays."""
    connection = await connect(database_url)
    await connection.execute(_WEEKS_AROUND, int(guild_id))
    await connection.close()


@asynccontextmanager
async def open_world(
    database_url: str,
    *,
    commands: Mapping[str, Any],
    folder: Path,
    module: str = "bot",
    limits_speed: float = 1.0,
    **env: str,
) -> AsyncIterator[World]:
    """A fresh local Discord with the bot's *commands* registered, no bot yet, and a movable clock.

    When it is left, all that was asked of that Discord and answered by it must be as Discord describes it.

    Args:
        folder: Where the bot works.
        module: The bot's program.
        limits_speed: How many times faster than Discord's the windows of its rate limits pass.
        env: Further settings of the bot.
    """
    await install_movable_clock(database_url)
    await hold_digests(database_url, GUILD_ID)
    async with LocalDiscord() as sandbox, Human(sandbox.human) as human:
        sandbox.core.commands.update(commands)
        sandbox.core.limiter.speed = limits_speed
        settings = {
            "DISCORD_TOKEN": sandbox.address.token,
            "DISCORD_GUILD_ID": sandbox.address.guild_id,
            "DISCORD_API_BASE": sandbox.api_base,
            "DATABASE_URL": database_url,
            **env,
        }
        world = World(sandbox, human, env=settings, folder=folder, module=module)
        try:
            yield world
        finally:
            await world.kill_bot()
            world.connections.close()
    hold_against_the_description(sandbox.core)


async def registered_commands(folder: Path) -> dict[str, Any]:
    """The bot's slash commands as Discord keeps them, registered by `sync-commands`.

    Args:
        folder: Where it works.
    """
    async with LocalDiscord() as sandbox:
        address = sandbox.address
        env = {
            "DISCORD_TOKEN": address.token,
            "DISCORD_GUILD_ID": address.guild_id,
            "DISCORD_API_BASE": address.api_base,
        }
        child = await start_program("sync-commands", "sync-commands", env=env, folder=folder)
        assert await child.wait() == 0, child.last_words()
    hold_against_the_description(sandbox.core)
    return sandbox.core.commands

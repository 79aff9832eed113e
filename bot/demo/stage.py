"""The demo's set: a local Discord, a seeded database, and the real bot between them, each its own process."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg

from bot.demo import clock
from bot.demo.process import Child, ChildDied
from bot.demo.seed import Place, seed
from bot.runbook import load_policy
from bot.storage.database.migrate import SEARCH_PATH
from local_discord.people import Human

_START_S: Final = 30.0
_IDLE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs.

    Attributes:
        human_url: The local Discord's human side.
        connection: To the demo's database, with the bot's search_path.
        bot: The bot's process.
    """

    human: Human
    human_url: str
    dsn: str
    connection: asyncpg.Connection
    bot: Child

    async def rest(self) -> None:
        """Wait until the bot has nothing to do.

        Raises:
            NotSeen: It goes on and on.
        """

        async def idle() -> bool | None:
            return None if await clock.is_busy(self.connection) else True

        await self.human.until(idle, "the bot at rest", within_s=_IDLE_S)

    async def fast_forward(self, span: timedelta) -> None:
        """Move the time of the database and of the local Discord, once the bot has nothing to do."""
        await self.rest()
        await self.human.advance_clock(span.total_seconds())
        await clock.advance(self.connection, span)


@asynccontextmanager
async def set_stage(dsn: str, *, folder: Path) -> AsyncIterator[Stage]:
    """Start everything, wait until it is ready, end it all on leaving.

    Args:
        dsn: A migrated database of the demo's own.
        folder: Where the processes work.

    Raises:
        ChildDied: One of them did not come up.
    """
    async with AsyncExitStack() as stack:
        discord = await Child.start("the local Discord", "sandbox", "--json", env={}, folder=folder)
        stack.push_async_callback(discord.stop)
        address = json.loads(await discord.line_with('"human"', within_s=_START_S))
        human = await stack.enter_async_context(Human(address["human"]))
        connection = await asyncpg.connect(dsn, server_settings={"search_path": SEARCH_PATH})
        stack.push_async_callback(connection.close)
        await _prepare(connection, human, guild_id=int(address["guild_id"]))
        settings = {
            "DISCORD_TOKEN": address["token"],
            "DISCORD_GUILD_ID": address["guild_id"],
            "DISCORD_API_BASE": address["api_base"],
            "DATABASE_URL": dsn,
            "HEALTH_PORT": "0",
            "LOG_FORMAT": "json",
            "MESSAGE_CONTENT": "true",  # so that a monitor's recovery is told from its alert
        }
        bot = await Child.start("the bot", "run", env=settings, folder=folder)
        stack.push_async_callback(bot.stop)
        await _register_commands(settings, folder)
        await bot.wait_until_ready(within_s=_START_S)
        yield Stage(human, address["human"], dsn, connection, bot)


async def _prepare(connection: asyncpg.Connection, human: Human, *, guild_id: int) -> None:
    await human.change("application", message_content=True)
    people = {member["name"]: int(member["id"]) for member in (await human.state())["members"]}
    await clock.install(connection)
    await seed(connection, policy=load_policy(None), place=Place(guild_id, people))


async def _register_commands(settings: dict[str, str], folder: Path) -> None:
    child = await Child.start("sync-commands", "sync-commands", env=settings, folder=folder)
    if await child.wait() != 0:
        raise ChildDied(f"sync-commands failed:\n{child.last_words()}")

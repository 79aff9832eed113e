"""Runs a command on the bot's own database, without Discord."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.database import bring_up_to_date, own_database, reach
from bot.resources import SharedResources, open_shared
from bot.runbook import load_served
from bot.settings import Settings

#: What a command does, given the address of the database.
Work = Callable[[str], Awaitable[None]]


def with_database(settings: Settings, work: Work) -> None:
    """Do *work* on the database, once it answers and is up to date.

    Raises:
        ConfigError: it does not answer, or a migration is pending.
    """

    async def reached(dsn: str) -> None:
        await reach(dsn, patience_s=0.0)
        # The embedded database serves this bot alone, so it may be made on the way.
        await asyncio.to_thread(bring_up_to_date, dsn, apply=settings.database_url is None)
        await work(dsn)

    with own_database(settings) as database:
        asyncio.run(reached(database.dsn))


def with_stores(settings: Settings, work: Callable[[SharedResources], Awaitable[None]]) -> None:
    """Do *work* with the stores and the policy of each server. Raises as `with_database`."""

    async def opened(dsn: str) -> None:
        served = load_served(settings.runbook_file, home=settings.discord_guild_id)
        async with open_shared(settings, served, dsn) as shared:
            await work(shared)

    with_database(settings, opened)

"""Commands that open the database: its migrations, and work on it or on its stores."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from bot.database import bring_up_to_date, own_database, reach
from bot.resources import SharedResources, open_shared
from bot.runbook import Served, load_served
from bot.services.core import Core
from bot.settings import Settings
from bot.storage.database.migrate import migrate

T = TypeVar("T")


def with_database(settings: Settings, work: Callable[[str], Awaitable[T]]) -> T:
    """Do *work* on the database, given its address, once it answers and is up to date.

    Raises:
        ConfigError: it does not answer, or a migration is pending.
    """

    async def reached(dsn: str) -> T:
        await reach(dsn, patience_s=0.0)
        # The embedded database serves this bot alone, so it may be made on the way.
        await asyncio.to_thread(bring_up_to_date, dsn, apply=settings.database_url is None)
        return await work(dsn)

    with own_database(settings) as database:
        return asyncio.run(reached(database.dsn))


def with_stores(settings: Settings, work: Callable[[SharedResources], Awaitable[T]]) -> T:
    """Do *work* with the stores and the policy of each server. Raises as `with_database`."""
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)

    async def opened(dsn: str) -> T:
        async with open_shared(settings, served, dsn) as shared:
            return await work(shared)

    return with_database(settings, opened)


def with_cores(
    settings: Settings,
    served: Served,
    name: str,
    work: Callable[[Callable[[int], Core]], Awaitable[T]],
    *,
    is_reached: bool = True,
) -> T:
    """Do *work* of the capability *name*, given what returns a server's core. That reaches no Discord.

    Args:
        is_reached: The database has to answer and be up to date; else *work* finds out whether it does.

    Raises:
        ConfigError: as `with_database`.
    """

    async def opened(dsn: str) -> T:
        async with open_shared(settings, served, dsn, connections=int(is_reached)) as shared:

            def core_of(guild_id: int) -> Core:
                parts = shared.parts(guild_id)
                return Core.unreached(parts).given(parts.opened.get(name))

            return await work(core_of)

    if is_reached:
        return with_database(settings, opened)
    with own_database(settings) as database:
        return asyncio.run(opened(database.dsn))


def apply_migrations(settings: Settings) -> None:
    """Apply the pending migrations to the database, and print each one's name."""
    with own_database(settings) as database:
        asyncio.run(reach(database.dsn))
        applied = migrate(database.dsn)
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("up to date")

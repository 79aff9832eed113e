"""`incident-bot sync-commands`."""

import asyncio

import typer

from bot.app import connected_client
from bot.cli.outcome import in_each_server
from bot.client import IncidentBot
from bot.registration import CommandChanges, compare, our_commands, register, registered_commands
from bot.runbook import Served, load_served
from bot.settings import Settings


def sync(settings: Settings) -> None:
    """Make the commands of each server ours; nothing is written where they are."""
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    asyncio.run(_sync(settings, served))


def _tell(changes: CommandChanges, *, where: str) -> None:
    for word, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        if names:
            typer.echo(f"{where}{word}: {', '.join(names)}")
    if not changes.any:
        typer.echo(f"{where}up to date; nothing was written")


async def _sync(settings: Settings, served: Served) -> None:
    async with connected_client(settings, served) as client:

        async def sync_one(guild_id: int, where: str) -> None:
            _tell(await _sync_one(client, guild_id), where=where)

        await in_each_server(served, sync_one)


async def _sync_one(client: IncidentBot, guild_id: int) -> CommandChanges:
    ours = await our_commands(client, guild_id)
    changes = compare(ours, await registered_commands(client, guild_id))
    if changes.any:
        await register(client, guild_id, ours)
    return changes

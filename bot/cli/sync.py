"""`incident-bot sync-commands`."""

import asyncio

import typer

from bot.app import connected_client
from bot.cli.outcome import in_each_server
from bot.registration import compare, our_commands, register, registered_commands
from bot.runbook import Served, load_served
from bot.settings import Settings


def sync(settings: Settings) -> None:
    """Make the commands of each server ours; nothing is written where they are."""
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    asyncio.run(_sync(settings, served))


async def _sync(settings: Settings, served: Served) -> None:
    async with connected_client(settings, served) as client:

        async def sync_one(guild_id: int, where: str) -> None:
            ours = await our_commands(client, guild_id)
            changes = compare(ours, await registered_commands(client, guild_id))
            if not changes.any:
                typer.echo(f"{where}up to date; nothing was written")
                return
            await register(client, guild_id, ours)
            by_word = (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed))
            for word, names in by_word:
                if names:
                    typer.echo(f"{where}{word}: {', '.join(names)}")

        await in_each_server(served, sync_one)

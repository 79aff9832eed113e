"""`incident-bot sync-commands`."""

import asyncio
from collections.abc import Mapping

import typer

from bot.app import connected_client
from bot.client import IncidentBot
from bot.domain.errors import BotError, DeliveryRefused
from bot.registration import CommandChanges, compare, our_commands, register, registered_commands
from bot.runbook import load_served
from bot.settings import Settings


def sync(settings: Settings) -> None:
    """Make the commands of each server ours; nothing is written where they are.

    Raises:
        ConfigError: the token or a policy is wrong. UpstreamUnavailable. DeliveryRefused: a server does not
            take them; the others have theirs.
    """
    found = asyncio.run(_sync(settings))
    for guild_id, changes in found.items():
        where = "" if len(found) == 1 else f"server {guild_id}: "
        if isinstance(changes, CommandChanges):
            _tell(changes, where=where)
    refused = [(guild_id, error) for guild_id, error in found.items() if isinstance(error, DeliveryRefused)]
    if refused:
        guild_id, error = refused[0]
        raise (
            error
            if len(found) == 1
            else DeliveryRefused(
                f"server {guild_id}: {error.reason}", http_status=error.http_status, code=error.code
            )
        )


def _tell(changes: CommandChanges, *, where: str) -> None:
    for word, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        if names:
            typer.echo(f"{where}{word}: {', '.join(names)}")
    if not changes.any:
        typer.echo(f"{where}up to date; nothing was written")


async def _sync(settings: Settings) -> Mapping[int, CommandChanges | BotError]:
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    found: dict[int, CommandChanges | BotError] = {}
    async with connected_client(settings, served) as client:
        for guild_id in served.policies:
            try:
                found[guild_id] = await _sync_one(client, guild_id)
            except DeliveryRefused as refused:  # it was not invited there: the other servers come next
                found[guild_id] = refused
    return found


async def _sync_one(client: IncidentBot, guild_id: int) -> CommandChanges:
    ours = await our_commands(client, guild_id)
    changes = compare(ours, await registered_commands(client, guild_id))
    if changes.any:
        await register(client, guild_id, ours)
    return changes

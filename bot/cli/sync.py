"""`incident-bot sync-commands`."""

import asyncio

import typer

from bot.app import connected_client
from bot.registration import Changes, compare, our_commands, register, registered_commands
from bot.runbook import load_policy
from bot.settings import Settings


def sync(settings: Settings) -> None:
    """Make the server's commands ours; nothing is written when they are.

    Raises:
        ConfigError: the token or the policy is wrong. DeliveryRefused, UpstreamUnavailable.
    """
    changes = asyncio.run(_sync(settings))
    for word, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        if names:
            typer.echo(f"{word}: {', '.join(names)}")
    if not changes.any:
        typer.echo("up to date; nothing was written")


async def _sync(settings: Settings) -> Changes:
    async with connected_client(settings, load_policy(settings.runbook_file)) as client:
        ours = await our_commands(client)
        changes = compare(ours, await registered_commands(client))
        if changes.any:
            await register(client, ours)
    return changes

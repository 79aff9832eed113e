"""Whether Discord has the slash commands that this version answers."""

from bot.checks.finding import Finding, fail, ok, warn
from bot.client import IncidentBot
from bot.registration import compare, our_commands, registered_commands

_TODO = "run `incident-bot sync-commands`"


async def check_commands(client: IncidentBot, guild_id: int) -> Finding:
    """Compare what is registered in a server with ours.

    Raises:
        DeliveryRefused, UpstreamUnavailable: Discord does not tell.
    """
    theirs = await registered_commands(client, guild_id)
    if not theirs:
        return fail("commands", "no command is registered in this server", _TODO)
    changes = compare(await our_commands(client, guild_id), theirs)
    if changes.any:
        return warn("commands", f"out of date: {', '.join(changes.names)}", _TODO)
    return ok("commands", f"{len(theirs)} registered and up to date")

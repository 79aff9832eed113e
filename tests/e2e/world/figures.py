"""Counted figures: those of the current week, the digest as it would be now, and the bot's metrics."""

import httpx

from tests.e2e.world.world import World


async def week_told(world: World) -> str:
    """Return what `/stats` says of the current week."""
    return (await world.command("stats show", by="admin")).text


async def digest_told(world: World) -> str:
    """Return the draft of the digest of last week, which has what is open now as well."""
    return (await world.command("digest preview", by="admin")).text


async def measured(world: World) -> str:
    """Return the bot's /metrics."""
    said = next(entry for entry in world.bot.entries() if entry["event"] == "health.listening")
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{said['host']}:{said['port']}/metrics")).text

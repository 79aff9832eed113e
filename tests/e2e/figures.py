"""Counted figures: the digest of the current week, and the bot's metrics."""

import httpx

from tests.e2e.world import World


async def week_told(world: World) -> str:
    """Return the digest of this week as it would be posted now."""
    week = (await world.rows("SELECT to_char(now(), 'IYYY\"-W\"IW') AS week"))[0]["week"]
    said = await world.command("digest preview", by="admin", week=week)
    assert "下書き" in said.text

    async def draft() -> str | None:
        shown = [one for one in await world.human.messages("general", user="admin") if one.is_private]
        return shown[-1].text if shown and "下書き" not in shown[-1].text else None

    return await world.human.until(draft, "the draft of the digest")


async def measured(world: World) -> str:
    """Return the bot's /metrics."""
    said = next(entry for entry in world.bot.entries() if entry["event"] == "health.listening")
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{said['host']}:{said['port']}/metrics")).text

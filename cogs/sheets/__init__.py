"""Command sheets: `/runbook`, and the output of commands on the timeline."""

from bot.client import IncidentBot
from cogs.sheets import showing


async def setup(bot: IncidentBot) -> None:
    showing.register(bot)

"""Command sheets: `/runbook`, and the output of commands on the timeline."""

from bot.client import IncidentBot
from cogs.sheets import pasting, showing


async def setup(bot: IncidentBot) -> None:
    showing.register(bot)
    pasting.register(bot)

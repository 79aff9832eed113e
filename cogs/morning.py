"""The morning triage's post: a person takes one of its incidents by choosing it."""

import discord
from discord.ext import commands

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.domain.incident.transitions import AckVia
from bot.ui.components import Control
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.posts.mornings import TAKE
from bot.ui.screens.incident_answers import acknowledged

Press = discord.Interaction[IncidentBot]


class MorningCog(commands.Cog):
    """Only its select; the gathering itself is ticked by the scheduler."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Register the select."""
        self.bot.add_controls(TakeItem)


class TakeItem(Control, template=TAKE):
    """[引き受ける]."""

    async def press(self, interaction: Press) -> None:
        """Acknowledge it; the post follows."""
        await wait(interaction)
        if not self.chosen.isdigit():
            raise UserError("control_outdated")
        by, bot = await person_of(interaction), interaction.client
        acknowledger = bot.services(interaction).acknowledger
        result = await acknowledger.acknowledge(int(self.chosen), by=by, via=AckVia.BUTTON)
        await reply(interaction, acknowledged(bot.voice(interaction), result))


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(MorningCog(bot))

"""The controls under a message that bundles many escalations: acknowledge all, or open one."""

import discord
from discord.ext import commands

from bot.client import IncidentBot
from bot.ui.buttons import BundleVerb, template
from bot.ui.components import Control
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.screens.bundle_answers import all_acknowledged, all_question
from bot.ui.screens.incident_console import show_screen

Press = discord.Interaction[IncidentBot]


class BundlesCog(commands.Cog):
    """The registration of the controls."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Register them."""
        self.bot.add_controls(All, Yes, PickIncident)


class All(Control, template=template(BundleVerb.ALL)):
    """[👀 すべて ack]."""

    async def press(self, interaction: Press) -> None:
        """Ask first, because this acknowledges many incidents at once."""
        await wait(interaction)
        bundle = await interaction.client.services(interaction).bundles.show(self.number)
        await reply(interaction, view=all_question(interaction.client.voice(interaction), bundle))


class Yes(Control, template=template(BundleVerb.YES)):
    """[37 件すべて ack する]."""

    async def press(self, interaction: Press) -> None:
        """Acknowledge all incidents of the bundle."""
        await wait(interaction)
        by, bundles = await person_of(interaction), interaction.client.services(interaction).bundles
        result = await bundles.acknowledge(self.number, by=by)
        await reply(interaction, all_acknowledged(interaction.client.voice(interaction), result))


class PickIncident(Control, template=template(BundleVerb.PICK)):
    """The select of one incident."""

    async def press(self, interaction: Press) -> None:
        """Show the chosen incident as `/incident show` does, with its buttons."""
        await wait(interaction)
        by, looking = await person_of(interaction), interaction.client.services(interaction).looking
        view = await looking.view(int(self.chosen), by=by)
        await reply(interaction, view=show_screen(interaction.client.voice(interaction), view))


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(BundlesCog(bot))

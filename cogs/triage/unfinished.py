"""The buttons under the question whether to continue an unfinished triage, in a DM or in a channel."""

from typing import TypeAlias

import discord

from bot.client import IncidentBot
from bot.ui.buttons import TriageVerb, template
from bot.ui.components import Control
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.screens.triage_card import triage_card

Press: TypeAlias = discord.Interaction[IncidentBot]


def register(bot: IncidentBot) -> None:
    """Add the controls to *bot*."""
    bot.add_controls(Continue, Stop)


class Continue(Control, template=template(TriageVerb.CONTINUE)):
    """[続ける]."""

    async def press(self, interaction: Press) -> None:
        """Continue the triage, and show its card."""
        await wait(interaction)
        services = interaction.client.services(interaction)
        view = await services.unfinished.go_on(self.number, by=await person_of(interaction))
        services.emergency.remember(view.triage)
        await reply(interaction, view=triage_card(interaction.client.voice(interaction), view))


class Stop(Control, template=template(TriageVerb.STOP)):
    """[やめる]."""

    async def press(self, interaction: Press) -> None:
        """Cancel the triage, and show its card. A triage that has ended by then shows how it ended."""
        await wait(interaction)
        services = interaction.client.services(interaction)
        view = await services.triages.cancel(self.number, by=await person_of(interaction))
        await reply(interaction, view=triage_card(interaction.client.voice(interaction), view))

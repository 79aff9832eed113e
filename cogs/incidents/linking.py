"""`/incident merge` and `/incident link`: what an incident has to do with another."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.i18n.options import described
from bot.ui.interaction import reply, wait
from bot.ui.people import person_from
from bot.ui.screens.incident_answers import linked, merged_screen
from cogs.incidents.group import (
    NUMBER_OPTION,
    Number,
    Press,
    incident_group,
    named,
    offer_duplicates,
    offer_linkers,
    offer_others,
    offer_takers,
)


def register(_bot: IncidentBot) -> None:
    """Nothing to press: both are commands."""


@incident_group.command(
    name="merge", description=locale_str("It is the same trouble as another", key="commands.incident_merge")
)
@described(into=locale_str("The one that goes on", key="commands.incident_into"), number=NUMBER_OPTION)
@app_commands.autocomplete(into=offer_takers, number=offer_duplicates)
async def merge(interaction: Press, into: Number, number: Number | None = None) -> None:
    """End it in favour of the other."""
    await wait(interaction)
    bot, by = interaction.client, person_from(interaction.user)
    incident = await named(interaction, number)
    merged = await bot.services(interaction).merging.merge(incident.id, into=into, by=by)
    await reply(interaction, view=merged_screen(bot.voice(interaction), merged))


@incident_group.command(
    name="link", description=locale_str("It has to do with another", key="commands.incident_link")
)
@described(with_=locale_str("The other one", key="commands.incident_with"), number=NUMBER_OPTION)
@app_commands.autocomplete(with_=offer_others, number=offer_linkers)
async def link(interaction: Press, with_: Number, number: Number | None = None) -> None:
    """Each says so in its thread and in its list."""
    await wait(interaction)
    bot, by = interaction.client, person_from(interaction.user)
    incident = await named(interaction, number)
    is_new = await bot.services(interaction).lifecycle.link(incident.id, with_=with_, by=by)
    told = linked(bot.voice(interaction), incident.id, other=with_, is_new=is_new)
    await reply(interaction, told)

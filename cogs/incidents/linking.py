"""`/incident merge`, `link` and `unlink`: duplicates and related incidents."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.options import described
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.people import person_from
from bot.ui.screens.incident_answers import linked, merged_screen, unlinked
from cogs.incidents.group import (
    incident_group,
    offer_duplicates,
    offer_linked,
    offer_linkers,
    offer_others,
    offer_takers,
)


@incident_group.command(
    name="merge",
    description=locale_str(
        "Merge into another incident: it is the same problem", key="commands.incident_merge"
    ),
)
@described(into=locale_str("The incident to merge into", key="commands.incident_into"), number=NUMBER_OPTION)
@app_commands.autocomplete(into=offer_takers, number=offer_duplicates)
async def merge(interaction: Interaction, into: Number, number: Number | None = None) -> None:
    """Close an incident as a duplicate of another."""
    await wait(interaction)
    by = person_from(interaction.user)
    incident = await named(interaction, number)
    merged = await services_of(interaction).merging.merge(incident.id, into=into, by=by)
    await reply(interaction, view=merged_screen(voice_of(interaction), merged))


@incident_group.command(
    name="link", description=locale_str("Link to a related incident", key="commands.incident_link")
)
@described(with_=locale_str("The other incident", key="commands.incident_with"), number=NUMBER_OPTION)
@app_commands.autocomplete(with_=offer_others, number=offer_linkers)
async def link(interaction: Interaction, with_: Number, number: Number | None = None) -> None:
    """Link two incidents; each shows the other in its thread and in its list."""
    await wait(interaction)
    by = person_from(interaction.user)
    incident = await named(interaction, number)
    is_new = await services_of(interaction).lifecycle.link(incident.id, with_=with_, by=by)
    told = linked(voice_of(interaction), incident.id, other=with_, is_new=is_new)
    await reply(interaction, told)


@incident_group.command(
    name="unlink",
    description=locale_str("Remove the link to another incident", key="commands.incident_unlink"),
)
@described(with_=locale_str("The other incident", key="commands.incident_with"), number=NUMBER_OPTION)
@app_commands.autocomplete(with_=offer_linked, number=offer_incidents)
async def unlink(interaction: Interaction, with_: Number, number: Number | None = None) -> None:
    """Undo `link`."""
    await wait(interaction)
    by = person_from(interaction.user)
    incident = await named(interaction, number)
    was_linked = await services_of(interaction).lifecycle.unlink(incident.id, with_=with_, by=by)
    told = unlinked(voice_of(interaction), incident.id, other=with_, was_linked=was_linked)
    await reply(interaction, told)

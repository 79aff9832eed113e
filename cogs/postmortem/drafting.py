"""`/postmortem draft` and `show`."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.options import described
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.people import person_from
from bot.ui.screens.postmortems.documents import attached, drafted, shown
from cogs.postmortem.group import postmortem_group


@postmortem_group.command(
    name="draft",
    description=locale_str(
        "Draft the postmortem, and attach it to the thread", key="commands.postmortem_draft"
    ),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def draft(interaction: Interaction, number: Number | None = None) -> None:
    """Draft the postmortem from the current facts; a later draft replaces the file."""
    await wait(interaction)
    incident, by = await named(interaction, number), person_from(interaction.user)
    made = await services_of(interaction).documents.draft(incident.id, by=by)
    await reply(interaction, drafted(voice_of(interaction), made))


@postmortem_group.command(
    name="show",
    description=locale_str("The draft of the postmortem, its owner and date", key="commands.postmortem_show"),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def show(interaction: Interaction, number: Number | None = None) -> None:
    """Show the latest draft to the person who asks, with its owner and due date."""
    await wait(interaction)
    incident, by = await named(interaction, number), person_from(interaction.user)
    view = await services_of(interaction).documents.show(incident.id, by=by)
    file = None if view.file is None else attached(view.file)
    voice = voice_of(interaction)
    today = interaction.created_at.astimezone(voice.policy.timezone).date()
    await reply(interaction, shown(voice, view, today=today), file=file)

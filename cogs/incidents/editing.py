"""`/incident edit`, and the form behind [🏷️ 件名・開始時刻]."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import Incident
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.forms.base import Submitted
from bot.ui.forms.details import EDIT_FORM, details_form, details_of
from bot.ui.forms.fields import ask
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.people import person_of
from bot.ui.posts.incident.timeline_notices import details_said
from bot.ui.verbs import IncidentVerb, template
from cogs.incidents.group import incident_group


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_edit)
    bot.add_form(EDIT_FORM, send_details)


@incident_group.command(
    name="edit", description=locale_str("Correct the title or the start time", key="commands.incident_edit")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def edit(interaction: Interaction, number: Number | None = None) -> None:
    """Open a form with the current title and start time."""
    await open_details(interaction, number)


@control(template(IncidentVerb.EDIT))
async def press_edit(interaction: Interaction, pressed: Pressed) -> None:
    """[🏷️ 件名・開始時刻]: open the form with the current title and start time."""
    await open_details(interaction, pressed.number)


async def send_details(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    voice, by = voice_of(interaction), await person_of(interaction)
    new = details_of(voice, form, key=f"interaction:{interaction.id}")
    result = await services_of(interaction).details.correct(form.number, new, by=by)
    await reply(interaction, details_said(voice, result))


async def open_details(interaction: Interaction, number: int | None) -> None:
    """Open the form, as the first response."""
    incident = await in_time(_editable(interaction, number))
    await ask(interaction, details_form(voice_of(interaction), incident))


async def _editable(interaction: Interaction, number: int | None) -> Incident:
    found = number if number is not None else (await named(interaction, None)).id
    by = await person_of(interaction)
    return await services_of(interaction).details.editable(found, by=by)

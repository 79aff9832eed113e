"""`/incident edit`, and the form behind [🏷️ 件名・開始時刻]."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import Incident
from bot.i18n.options import described
from bot.ui.buttons import IncidentVerb, template
from bot.ui.components import Control
from bot.ui.forms.base import Submitted
from bot.ui.forms.details import EDIT_FORM, details_form, details_of
from bot.ui.forms.fields import ask
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.posts.incident.timeline_notices import details_said
from cogs.incidents.group import NUMBER_OPTION, Number, Press, in_time, incident_group, named, offer_all


def register(bot: IncidentBot) -> None:
    """The button and its form."""
    bot.add_controls(Edit)
    bot.add_form(EDIT_FORM, send_details)


@incident_group.command(
    name="edit", description=locale_str("Correct the title or the start time", key="commands.incident_edit")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_all)
async def edit(interaction: Press, number: Number | None = None) -> None:
    """A form with both as they are."""
    await open_details(interaction, number)


class Edit(Control, template=template(IncidentVerb.EDIT)):
    """[🏷️ 件名・開始時刻]."""

    async def press(self, interaction: Press) -> None:
        """A form with both as they are."""
        await open_details(interaction, self.number)


async def send_details(interaction: Press, form: Submitted) -> None:
    """The form came back."""
    await wait(interaction)
    bot = interaction.client
    voice, by = bot.voice(interaction), await person_of(interaction)
    new = details_of(voice, form, key=f"interaction:{interaction.id}")
    result = await bot.services(interaction).details.put_right(form.number, new, by=by)
    await reply(interaction, details_said(voice, result))


async def open_details(interaction: Press, number: int | None) -> None:
    """The form, as the first response."""
    incident = await in_time(_editable(interaction, number))
    await ask(interaction, details_form(interaction.client.voice(interaction), incident))


async def _editable(interaction: Press, number: int | None) -> Incident:
    found = number if number is not None else (await named(interaction, None)).id
    by = await person_of(interaction)
    return await interaction.client.services(interaction).details.editable(found, by=by)

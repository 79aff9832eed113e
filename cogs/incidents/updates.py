"""`/incident update`, and the form behind [✏️ 更新]."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import Incident
from bot.i18n.options import described
from bot.services.shared.access import Act
from bot.ui.buttons import IncidentVerb, template
from bot.ui.components import Control
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.update import UPDATE_FORM, update_form, update_of
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.posts.incident.updates import told
from cogs.incidents.group import NUMBER_OPTION, Number, Press, in_time, incident_group, named, offer_open


def register(bot: IncidentBot) -> None:
    """The button and its form."""
    bot.add_controls(Update)
    bot.add_form(UPDATE_FORM, send_update)


@incident_group.command(
    name="update", description=locale_str("Tell how it stands", key="commands.incident_update")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_open)
async def update(interaction: Press, number: Number | None = None) -> None:
    """A form, with what is known filled in."""
    await _open(interaction, number)


class Update(Control, template=template(IncidentVerb.DETAILS)):
    """[✏️ 更新]."""

    async def press(self, interaction: Press) -> None:
        """A form, with what is known filled in."""
        await _open(interaction, self.number, face=self.fields["face"])


async def send_update(interaction: Press, form: Submitted) -> None:
    """The form came back."""
    await wait(interaction)
    bot = interaction.client
    update = update_of(form, policy=bot.services(interaction).policy, key=f"interaction:{interaction.id}")
    result = await bot.services(interaction).updates.tell(
        form.number, update, by=await person_of(interaction)
    )
    await reply(interaction, told(bot.voice(interaction), result))


async def _open(interaction: Press, number: int | None, *, face: str | None = None) -> None:
    incident = await in_time(_opened(interaction, number, face=face))
    await ask(interaction, update_form(interaction.client.voice(interaction), incident))


async def _opened(interaction: Press, number: int | None, *, face: str | None) -> Incident:
    found = number if number is not None else (await named(interaction, None)).id
    by = await person_of(interaction)
    lifecycle = interaction.client.services(interaction).lifecycle
    return await lifecycle.require_open(found, by=by, act=Act.UPDATE, face=face)

"""`/incident update`, and the form behind [✏️ 更新]."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import Incident
from bot.i18n.options import described
from bot.services.shared.access import Act
from bot.ui.answers import Pressed, control
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.update import UPDATE_FORM, update_form, update_of
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named
from bot.ui.people import person_of
from bot.ui.posts.incident.updates import told
from bot.ui.screens.incident_answers import ack_view
from bot.ui.verbs import IncidentVerb, template
from cogs.incidents.group import incident_group, offer_open


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_update)
    bot.add_form(UPDATE_FORM, send_update)


@incident_group.command(
    name="update", description=locale_str("Post a status update", key="commands.incident_update")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_open)
async def update(interaction: Interaction, number: Number | None = None) -> None:
    """Open a form, with what is known filled in."""
    await _open(interaction, number)


@control(template(IncidentVerb.DETAILS))
async def press_update(interaction: Interaction, pressed: Pressed) -> None:
    """[✏️ 更新]: open the form, with what is known filled in."""
    await _open(interaction, pressed.number, digest=pressed.fields["digest"])


async def send_update(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    update = update_of(form, policy=services_of(interaction).policy, key=f"interaction:{interaction.id}")
    result = await services_of(interaction).updates.tell(form.number, update, by=await person_of(interaction))
    voice = voice_of(interaction)
    await reply(interaction, told(voice, result), view=ack_view(voice, result))


async def _open(interaction: Interaction, number: int | None, *, digest: str | None = None) -> None:
    incident = await in_time(_opened(interaction, number, digest=digest))
    await ask(interaction, update_form(voice_of(interaction), incident))


async def _opened(interaction: Interaction, number: int | None, *, digest: str | None) -> Incident:
    found = number if number is not None else (await named(interaction, None)).id
    by = await person_of(interaction)
    lifecycle = services_of(interaction).lifecycle
    return await lifecycle.require_open(found, by=by, act=Act.UPDATE, digest=digest)

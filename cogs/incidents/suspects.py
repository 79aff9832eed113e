"""[↩️ 変更を戻す] and [✋ 変更を戻さない] under the card of suspects, and `/incident similar`."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.rollback import ROLLBACK_FORM, rollback_form, rollback_of
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.people import person_from, person_of
from bot.ui.screens.seen_before import rollback_said, seen_before_screen
from bot.ui.verbs import IncidentVerb, template
from cogs.incidents.group import incident_group


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_roll_back, press_keep_change)
    bot.add_form(ROLLBACK_FORM, send_rollback)


@incident_group.command(
    name="similar",
    description=locale_str(
        "Past incidents like this one, and how they ended", key="commands.incident_similar"
    ),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def similar(interaction: Interaction, number: Number | None = None) -> None:
    """Show the three past incidents that are most similar."""
    await wait(interaction)
    incident = await named(interaction, number)
    view = await services_of(interaction).seen_before.view(incident.id, by=person_from(interaction.user))
    await reply(interaction, view=seen_before_screen(voice_of(interaction), view))


@control(template(IncidentVerb.ROLL_BACK))
async def press_roll_back(interaction: Interaction, pressed: Pressed) -> None:
    """[↩️ 変更を戻す]: open the form that asks why."""
    await ask_rollback(interaction, pressed.number, rolls_back=True)


@control(template(IncidentVerb.KEEP_CHANGE))
async def press_keep_change(interaction: Interaction, pressed: Pressed) -> None:
    """[✋ 変更を戻さない]: open the form that asks why."""
    await ask_rollback(interaction, pressed.number, rolls_back=False)


async def send_rollback(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    new, by = rollback_of(form, key=f"interaction:{interaction.id}"), await person_of(interaction)
    incident = await services_of(interaction).rollbacks.decide(form.number, new, by=by)
    await reply(interaction, rollback_said(voice_of(interaction), incident, rolls_back=new.rolls_back))


async def ask_rollback(interaction: Interaction, number: int, *, rolls_back: bool) -> None:
    """Open the form that asks why."""
    rollbacks, by = services_of(interaction).rollbacks, await person_of(interaction)
    incident = await in_time(rollbacks.begin(number, by=by))
    await ask(interaction, rollback_form(voice_of(interaction), incident, rolls_back=rolls_back))

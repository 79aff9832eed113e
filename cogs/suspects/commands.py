"""[↩️ 変更を戻す] and [✋ 変更を戻さない] under the card of suspects, and `/incident similar`."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.people import person_from, person_of
from bot.ui.verbs import template
from cogs.suspects.posts import KEEP_CHANGE, ROLL_BACK
from cogs.suspects.screens import rollback_form, rollback_of, rollback_said, seen_before_screen
from cogs.suspects.use_cases import SuspectUseCases


@app_commands.command(
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
    view = await _suspects(interaction).seen_before.view(incident.id, by=person_from(interaction.user))
    await reply(interaction, view=seen_before_screen(voice_of(interaction), view))


@control(template(ROLL_BACK))
async def press_roll_back(interaction: Interaction, pressed: Pressed) -> None:
    """[↩️ 変更を戻す]: open the form that asks why."""
    await ask_rollback(interaction, pressed.number, rolls_back=True)


@control(template(KEEP_CHANGE))
async def press_keep_change(interaction: Interaction, pressed: Pressed) -> None:
    """[✋ 変更を戻さない]: open the form that asks why."""
    await ask_rollback(interaction, pressed.number, rolls_back=False)


async def send_rollback(interaction: Interaction, form: Submitted) -> None:
    """Record the decision of the form, and answer with the commands to paste."""
    await wait(interaction)
    new, by = rollback_of(form, key=f"interaction:{interaction.id}"), await person_of(interaction)
    incident = await _suspects(interaction).rollbacks.decide(form.number, new, by=by)
    await reply(interaction, rollback_said(voice_of(interaction), incident, rolls_back=new.rolls_back))


async def choose_roll_back(interaction: Interaction, number: int) -> None:
    """Open the form from the select of `/incident show`."""
    await ask_rollback(interaction, number, rolls_back=True)


async def choose_keep_change(interaction: Interaction, number: int) -> None:
    """Open the form from the select of `/incident show`."""
    await ask_rollback(interaction, number, rolls_back=False)


async def ask_rollback(interaction: Interaction, number: int, *, rolls_back: bool) -> None:
    """Open the form that asks why."""
    rollbacks, by = _suspects(interaction).rollbacks, await person_of(interaction)
    incident = await in_time(rollbacks.begin(number, by=by))
    await ask(interaction, rollback_form(voice_of(interaction), incident, rolls_back=rolls_back))


def _suspects(interaction: Interaction) -> SuspectUseCases:
    return services_of(interaction).of(SuspectUseCases)

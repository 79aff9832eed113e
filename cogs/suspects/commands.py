"""[↩️ ロールバックを記録] and [✋ 戻さないと記録] under the card of suspects, and `/incident similar`."""

from typing import Final

from discord import app_commands
from discord.app_commands import locale_str

from bot.domain.incident.incident import Incident
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.choices import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.components import Screen, text
from bot.ui.forms.fields import Form, Submitted, ask, label, text_input
from bot.ui.interaction import (
    Interaction,
    in_time,
    person_from,
    person_of,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.posts.bodies import colour_of
from bot.ui.words.wording import Voice
from cogs.suspects.posts import KEEP_CHANGE, ROLL_BACK, decision_key, past_lines, rollback_commands
from cogs.suspects.rules import REASON_LIMIT
from cogs.suspects.use_cases import NewRollback, SeenBeforeView, SuspectUseCases


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
    """[↩️ ロールバックを記録]: open the form that asks why."""
    await ask_rollback(interaction, pressed.number, rolls_back=True)


@control(template(KEEP_CHANGE))
async def press_keep_change(interaction: Interaction, pressed: Pressed) -> None:
    """[✋ 戻さないと記録]: open the form that asks why."""
    await ask_rollback(interaction, pressed.number, rolls_back=False)


async def send_rollback(interaction: Interaction, form: Submitted) -> None:
    """Record the decision of the form, and answer with the commands to paste."""
    await wait(interaction)
    new, by = rollback_of(form, key=f"interaction:{interaction.id}"), await person_of(interaction)
    incident = await _suspects(interaction).rollbacks.decide(form.number, new, by=by)
    await reply(interaction, rollback_said(voice_of(interaction), incident, rolls_back=new.rolls_back))


async def ask_rollback(interaction: Interaction, number: int, *, rolls_back: bool) -> None:
    """Open the form that asks why."""
    rollbacks, by = _suspects(interaction).rollbacks, await person_of(interaction)
    incident = await in_time(rollbacks.begin(number, by=by))
    await ask(interaction, rollback_form(voice_of(interaction), incident, rolls_back=rolls_back))


def _suspects(interaction: Interaction) -> SuspectUseCases:
    return services_of(interaction).of(SuspectUseCases)


ROLLBACK_FORM: Final = r"inc:v1:rollback-form:(?P<number>\d{1,18}):(?P<choice>yes|no)"
REASON: Final = "reason"


def rollback_form(voice: Voice, incident: Incident, *, rolls_back: bool) -> Form:
    """Build the form; its title says which decision it is."""
    choice = decision_key(rolls_back=rolls_back)
    example = voice.say(f"suspects.rollback.form.reason_{choice}")
    reason = text_input(REASON, limit=REASON_LIMIT, example=example)
    return Form(
        voice.say(f"suspects.rollback.form.{choice}", label=incident.label),
        f"inc:v1:rollback-form:{incident.id}:{choice}",
        [label(voice.say("suspects.rollback.form.reason"), reason)],
    )


def rollback_of(form: Submitted, *, key: str) -> NewRollback:
    """Read the form as it was sent.

    Args:
        key: Of the interaction.
    """
    rolls_back = form.fields["choice"] == decision_key(rolls_back=True)
    return NewRollback(rolls_back=rolls_back, reason=form.text(REASON), key=key)


def seen_before_screen(voice: Voice, view: SeenBeforeView) -> Screen:
    """Show the past incidents like one, or say that there are none."""
    incident = view.incident
    if not view.past:
        return Screen(text(voice.say("suspects.past.none", label=incident.label)))
    title = voice.say("suspects.past.title", label=incident.label)
    lines = "\n".join(past_lines(voice, view.past))
    return Screen(text(f"**{title}**"), text(lines), colour=colour_of(voice, incident))


def rollback_said(voice: Voice, incident: Incident, *, rolls_back: bool) -> str:
    """Answer the person who decided, with the command to paste."""
    key = f"suspects.rollback.said.{decision_key(rolls_back=rolls_back)}"
    first = voice.say(key, label=incident.label)
    return "\n".join([first, *rollback_commands(voice, rolls_back=rolls_back)])

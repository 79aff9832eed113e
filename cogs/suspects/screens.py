"""The form behind the buttons of the card, `/incident similar`, and the answer to a decision."""

from typing import Final

from bot.domain.incident.incident import Incident
from bot.ui.components import Screen, text
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import Form, label, text_input
from bot.ui.posts.bodies import colour_of
from bot.ui.words.voice import Voice
from cogs.suspects.posts import decision_key, past_lines, rollback_commands
from cogs.suspects.rules import REASON_LIMIT
from cogs.suspects.use_cases import NewRollback, SeenBeforeView

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

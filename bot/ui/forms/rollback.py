"""The form behind [↩️ 変更を戻す] and [✋ 変更を戻さない]: why."""

from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.suspects.rollback import REASON_LIMIT
from bot.services.suspects.rollbacks import NewRollback
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import Form, label, text_input
from bot.ui.words.suspect_words import decision_key
from bot.ui.words.voice import Voice

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

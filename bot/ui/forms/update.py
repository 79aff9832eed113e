"""The form of [✏️ 更新]: what is known, the impact, when the next update comes, where and how."""

from datetime import timedelta
from typing import Any, Final

from discord import SelectOption, TextStyle, ui

from bot.domain.incident import Incident
from bot.domain.severity import NEXT_BUSINESS_DAY, Deadline
from bot.runbook.model import Policy
from bot.services.updates import IMPACT_LIMIT, KNOWN_LIMIT, NewUpdate
from bot.ui.forms.base import SYMPTOMS, TARGETS, Form, Submitted, where_and_how
from bot.ui.words.inert import cut
from bot.ui.words.voice import Voice

KNOWN: Final = "known"
IMPACT: Final = "impact"
NEXT: Final = "next"

UPDATE_FORM: Final = r"inc:v1:update-form:(?P<number>\d{1,18})"

_NEVER: Final = "0"
_SPANS_S: Final = (900, 1_800, 3_600, 7_200)
_DIGITS: Final = 8  # of a span, seconds; the policy allows 30 days


def update_form(voice: Voice, incident: Incident) -> Form:
    """Empty but for what is known of impact, place and symptoms, and the severity's cadence."""
    impact = "" if incident.last_update is None else incident.last_update.impact
    fields = [
        _text(voice, KNOWN, limit=KNOWN_LIMIT, default="", style=TextStyle.paragraph),
        _text(voice, IMPACT, limit=IMPACT_LIMIT, default=impact, style=TextStyle.paragraph),
        _label(voice, NEXT, _next(voice, incident)),
        *where_and_how(voice, incident.targets, incident.symptoms),
    ]
    return Form(
        voice.say("updates.form.title", label=incident.label), f"inc:v1:update-form:{incident.id}", fields
    )


def update_of(form: Submitted, *, policy: Policy, key: str) -> NewUpdate:
    """The form as it was sent.

    Args:
        key: Of the interaction.
    """
    return NewUpdate(
        known=form.text(KNOWN),
        impact=form.text(IMPACT),
        next_in=_next_of(form.text(NEXT)),
        targets=form.chosen(TARGETS, known=policy.targets),
        symptoms=form.chosen(SYMPTOMS, known=policy.symptoms),
        key=key,
    )


def _text(voice: Voice, name: str, *, limit: int, default: str, style: TextStyle) -> ui.Label[Any]:
    typed = ui.TextInput[Any](
        custom_id=name,
        style=style,
        max_length=limit,
        required=False,
        default=cut(default, limit=limit) or None,
    )
    return _label(voice, name, typed)


def _next_of(chosen: str) -> Deadline | None:
    """What was chosen of `_next`; anything else promises nothing."""
    if chosen == NEXT_BUSINESS_DAY.value:
        return NEXT_BUSINESS_DAY
    seconds = int(chosen) if chosen.isdecimal() and len(chosen) <= _DIGITS else 0
    return timedelta(seconds=seconds) or None


def _next(voice: Voice, incident: Incident) -> ui.Select[Any]:
    """Spans and the next business day, the severity's own among them and chosen, and none."""
    own = voice.severity(incident).update_every
    offered = [*_spans(own), NEXT_BUSINESS_DAY, None]
    return ui.Select[Any](custom_id=NEXT, options=[_option(voice, one, own=own) for one in offered])


def _spans(own: Deadline | None) -> list[timedelta]:
    seconds = {int(own.total_seconds())} if isinstance(own, timedelta) else set()
    return [timedelta(seconds=one) for one in sorted({*_SPANS_S, *seconds})]


def _option(voice: Voice, offered: Deadline | None, *, own: Deadline | None) -> SelectOption:
    if offered is None:
        words, value = voice.say("updates.form.never"), _NEVER
    elif isinstance(offered, timedelta):
        words, value = voice.say("updates.form.next_in", span=voice.span(offered)), _seconds(offered)
    else:
        words, value = voice.say("updates.form.next_business_day"), offered.value
    return SelectOption(label=words, value=value, default=offered == own)


def _seconds(span: timedelta) -> str:
    return str(int(span.total_seconds()))


def _label(voice: Voice, name: str, component: ui.Item[Any]) -> ui.Label[Any]:
    hint = voice.say(f"updates.form.{name}_hint")
    return ui.Label(text=voice.say(f"updates.form.{name}"), component=component, description=hint)

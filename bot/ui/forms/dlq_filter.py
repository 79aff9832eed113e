"""The form of the DLQ's console that asks what to list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.dlq.views import NO_ANSWER, USUAL_HOURS, DlqFilter
from bot.domain.text import cut
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import Form, label, text_input
from bot.ui.words.voice import Voice

FILTER_FORM: Final = r"dlq:v2:form"

CHANNEL: Final = "dlq_channel"
SEVERITY: Final = "dlq_severity"
STATUS: Final = "dlq_status"
TEXT: Final = "dlq_text"
PERIOD: Final = "dlq_period"

#: Characters that each field takes: a channel's name has 100 at most.
_LIMITS: Final = {CHANNEL: 100, SEVERITY: 40, STATUS: 60, TEXT: 100, PERIOD: 60}


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What the form asks for: a filter without period and status, and these two as they were typed."""

    filter: DlqFilter
    period: str
    status: str


def filter_form(voice: Voice, asked: DlqFilter) -> Form:
    """Build the form with what is listed now."""
    shown = {
        CHANNEL: asked.channel or "",
        SEVERITY: asked.severity or "",
        STATUS: _status(voice, asked),
        TEXT: asked.text or "",
        PERIOD: _period(voice, asked),
    }
    fields = [
        label(
            voice.say(f"consoles.dlq.form.{name.removeprefix('dlq_')}"),
            text_input(name, limit=limit, required=False, value=cut(shown[name], limit=limit)),
            hint=voice.say(f"consoles.dlq.form.{name.removeprefix('dlq_')}_hint")
            if name in _HINTED
            else None,
        )
        for name, limit in _LIMITS.items()
    ]
    return Form(voice.say("consoles.dlq.form.title"), "dlq:v2:form", fields)


def asked_in(form: Submitted) -> AskedFor:
    """Read the filter, period and status that a person sent."""
    asked = DlqFilter(
        severity=form.text(SEVERITY).strip() or None,
        channel=form.text(CHANNEL).strip().lstrip("#") or None,
        text=form.text(TEXT).strip() or None,
    )
    return AskedFor(asked, form.text(PERIOD), form.text(STATUS))


_HINTED: Final = frozenset({STATUS, PERIOD})


def _status(voice: Voice, asked: DlqFilter) -> str:
    if asked.http_status is None:
        return asked.status or ""
    answer = voice.say("consoles.dlq.no_answer") if asked.http_status == NO_ANSWER else str(asked.http_status)
    return f"{answer} {asked.status or ''}".strip()


def _period(voice: Voice, asked: DlqFilter) -> str:
    if asked.since is None:
        return "" if asked.hours == USUAL_HOURS else f"{asked.hours}h"
    return f"{_moment(voice, asked.since)}〜{'' if asked.until is None else _moment(voice, asked.until)}"


def _moment(voice: Voice, at: datetime) -> str:
    return f"{at.astimezone(voice.policy.timezone):%Y-%m-%d %H:%M}"

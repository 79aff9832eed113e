"""The forms of the timeline: a note, which may be about earlier; and a correction with the words so far."""

from typing import Final

from bot.domain.incident.forms import digest_of
from bot.domain.incident.incident import label_of
from bot.domain.timeline.lines import Line
from bot.services.incidents.updates import IMPACT_LIMIT, KNOWN_LIMIT
from bot.services.timeline.timelines import (
    CORRECTION_LIMIT,
    NOTE_LIMIT,
    Correction,
    ShownWords,
    editable,
    shown_words,
)
from bot.ui.buttons import Component
from bot.ui.forms.fields import Form, Submitted, label, text_input
from bot.ui.words.wording import Voice

NOTE: Final = "note"
AT: Final = "at"
TEXT: Final = "text"
IMPACT: Final = "impact"

NOTE_FORM: Final = r"inc:v1:note-form:(?P<number>\d{1,18})"
#: The page is drawn anew afterwards; it says which words, impact and moment the form showed, unless an
#: older version made it.
CORRECT_FORM: Final = (
    r"inc:v1:correct-form:(?P<number>\d{1,18}):(?P<entry>\d{1,18}):(?P<page>\d{1,6}a?)"
    r"(?::(?P<known>[0-9a-f]{8}):(?P<impact>[0-9a-f]{8})(?::(?P<moment>[0-9a-f]{8}))?)?"
)

#: Characters of a moment as people type it.
AT_LIMIT: Final = 60


def note_form(voice: Voice, number: int) -> Form:
    """Build the form for a note of several lines, and when it happened if that was earlier."""
    note = text_input(NOTE, limit=NOTE_LIMIT, several_lines=True)
    at = text_input(AT, limit=AT_LIMIT, required=False)
    return Form(
        voice.say("history.form.note_on", label=label_of(number)),
        f"inc:v1:note-form:{number}",
        [_label(voice, NOTE, note), _label(voice, AT, at)],
    )


def correction_form(voice: Voice, number: int, line: Line, *, page: str) -> Form:
    """Build the form to correct an entry: its current words, and the time if a person added the entry.

    Args:
        page: The page of the timeline to redraw afterwards, as `bot.ui.screens.timeline` names it.
    """
    title = voice.say("history.form.correct", label=label_of(number))
    shown, (words, impact) = shown_words(line), editable(line)
    known = f"{shown.words}:{shown.impact}:{shown.moment}"
    custom_id = f"inc:v1:correct-form:{number}:{line.entry.id}:{page}:{known}"
    if line.entry.is_update:
        fields = [
            _optional(voice, TEXT, name="known", limit=KNOWN_LIMIT, value=words),
            _optional(voice, IMPACT, name="impact", limit=IMPACT_LIMIT, value=impact),
        ]
        return Form(title, custom_id, fields)
    said = text_input(TEXT, limit=CORRECTION_LIMIT, several_lines=True, value=words)
    time = None
    if line.can_be_moved:  # it starts empty, with the entry's time as example; empty changes nothing
        example = f"{line.at.astimezone(voice.policy.timezone):%Y-%m-%d %H:%M}"
        at = text_input(AT, limit=AT_LIMIT, required=False, example=example)
        time = label(voice.say("history.form.at"), at, hint=voice.say("history.form.at_stays"))
    return Form(title, custom_id, [_label(voice, TEXT, said), time])


def correction_of(form: Submitted) -> Correction:
    """Read the form as it was sent: only what differs from what the form showed is corrected."""
    words, impact = form.text(TEXT), form.text(IMPACT) if IMPACT in form.values else None
    known, known_impact, moment = (form.fields.get(name) for name in ("known", "impact", "moment"))
    return Correction(
        None if digest_of(words) == known else words,
        at=form.text(AT),
        impact=None if impact is None or digest_of(impact) == known_impact else impact,
        shown=None if known is None or known_impact is None else ShownWords(known, known_impact, moment),
    )


def _optional(voice: Voice, custom_id: str, *, name: str, limit: int, value: str) -> Component:
    typed = text_input(custom_id, limit=limit, several_lines=True, required=False, value=value)
    return _label(voice, name, typed)


def _label(voice: Voice, name: str, component: Component) -> Component:
    return label(voice.say(f"history.form.{name}"), component, hint=voice.say(f"history.form.{name}_hint"))

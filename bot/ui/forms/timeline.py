"""The forms of the timeline: a note, which may be about earlier; and a correction with the words so far."""

from typing import Final

from bot.domain.incident import label_of
from bot.domain.timeline import Line
from bot.services.timelines import CORRECTION_LIMIT, NOTE_LIMIT
from bot.ui.buttons import Component
from bot.ui.forms.fields import Form, label, text_input
from bot.ui.words.voice import Voice

NOTE: Final = "note"
AT: Final = "at"
TEXT: Final = "text"

NOTE_FORM: Final = r"inc:v1:note-form:(?P<number>\d{1,18})"
CORRECT_FORM: Final = r"inc:v1:correct-form:(?P<number>\d{1,18}):(?P<entry>\d{1,18}):(?P<page>\d{1,6})"

#: Characters of a moment as people type it.
AT_LIMIT: Final = 60


def note_form(voice: Voice, number: int) -> Form:
    """A note of several lines, and when it happened if that was earlier."""
    note = text_input(NOTE, limit=NOTE_LIMIT, several_lines=True)
    at = text_input(AT, limit=AT_LIMIT, required=False)
    return Form(
        voice.say("history.form.note_on", label=label_of(number)),
        f"inc:v1:note-form:{number}",
        [_label(voice, NOTE, note), _label(voice, AT, at)],
    )


def correction_form(voice: Voice, number: int, line: Line, *, page: int) -> Form:
    """The words as they are now, to be put right; and the time, of what somebody has added.

    Args:
        page: The page of the timeline that is drawn anew afterwards.
    """
    said = text_input(TEXT, limit=CORRECTION_LIMIT, several_lines=True, value=line.said[:CORRECTION_LIMIT])
    return Form(
        voice.say("history.form.correct", label=label_of(number)),
        f"inc:v1:correct-form:{number}:{line.entry.id}:{page}",
        [_label(voice, TEXT, said), _time(voice, line) if line.can_be_moved else None],
    )


def _time(voice: Voice, line: Line) -> Component:
    """Empty, with the time that stands there as an example: what is left alone is not changed."""
    shown = f"{line.at.astimezone(voice.policy.timezone):%Y-%m-%d %H:%M}"
    at = text_input(AT, limit=AT_LIMIT, required=False, example=shown)
    return label(voice.say("history.form.at"), at, hint=voice.say("history.form.at_stays"))


def _label(voice: Voice, name: str, component: Component) -> Component:
    return label(voice.say(f"history.form.{name}"), component, hint=voice.say(f"history.form.{name}_hint"))

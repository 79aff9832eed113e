"""The form for the output of a command. It is not given back when it is refused: it may hold secrets."""

from typing import Final

from bot.domain.incident.incident import label_of
from bot.domain.sheets.sheet import Sheet
from bot.services.sheets.pasting import OUTPUT_LIMIT
from bot.ui.buttons import Component, Option
from bot.ui.forms.fields import Form, choice, label, text_input
from bot.ui.words.voice import Voice

OUTPUT: Final = "output"
TOPIC: Final = "topic"

#: The button, with the topic that its form begins with; and the form.
PASTE: Final = r"inc:v1:paste:(?P<number>\d{1,18})(?::(?P<topic>[a-z0-9_]{1,24}))?"
PASTE_FORM: Final = r"inc:v1:paste-form:(?P<number>\d{1,18})"


def output_form(voice: Voice, number: int, *, topic: str = "") -> Form:
    """Build the form: the output, and which commands it is from."""
    text = text_input(OUTPUT, limit=OUTPUT_LIMIT, several_lines=True)
    return Form(
        voice.say("sheets.form.title", label=label_of(number)),
        f"inc:v1:paste-form:{number}",
        [
            label(voice.say("sheets.form.output"), text, hint=voice.say("sheets.form.output_hint")),
            _topics(voice, list(voice.policy.sheets.values()), chosen=topic),
        ],
    )


def _topics(voice: Voice, sheets: list[Sheet], *, chosen: str) -> Component | None:
    if not sheets:
        return None
    options = [Option(one.topic, voice.raw(one.title), chosen=one.topic == chosen) for one in sheets]
    select = choice(TOPIC, options, required=False, placeholder=voice.say("sheets.form.any"))
    return label(voice.say("sheets.form.topic"), select, hint=voice.say("sheets.form.topic_hint"))

"""The input that a refused form returns to the person: the changed fields only, each with its name."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from bot.capability import installed, merged
from bot.domain.incident.forms import digest_of
from bot.ui.forms import resolution, severity, timeline, update
from bot.ui.forms.base import STARTED, TITLE, written
from bot.ui.forms.details import EDIT_FORM, started_shown
from bot.ui.interaction import Interaction
from bot.ui.words.voice import Voice

#: The forms whose custom id says what they showed; one of the triage starts with what was typed before.
_SAYING_WHAT_THEY_SHOWED: Final = (
    EDIT_FORM,
    timeline.CORRECT_FORM,
    update.UPDATE_FORM,
    resolution.RESOLVE_FORM,
    resolution.CORRECT_FORM,
)
#: Under which name, where that is not the input's own.
_SHOWN_AS: Final = {timeline.TEXT: "known"}

#: The name of each input of the core, as its form has it.
_NAMES: Final[Mapping[str, str]] = {
    TITLE: "consoles.form.title",
    STARTED: "consoles.form.started",
    severity.REASON: "consoles.form.reason",
    timeline.NOTE: "history.form.note",
    timeline.AT: "history.form.at",
    timeline.TEXT: "history.form.text",
    update.KNOWN: "updates.form.known",
    update.IMPACT: "updates.form.impact",
    resolution.CAUSE: "resolution.form.cause",
    resolution.FIX: "resolution.form.fix",
    resolution.EXTENT: "resolution.form.extent",
}


@cache
def input_names() -> Mapping[str, str]:
    """Return the texts that name the inputs, the core's and the capabilities', by their custom ids."""
    return merged(_NAMES, (each for one in installed() for each in one.inputs.items()))


def given_back(voice: Voice, interaction: Interaction) -> list[tuple[str, str]]:
    """Name and text of each field that was filled in otherwise than it was shown; nothing of a press."""
    custom_id, typed = written(interaction)
    matches = (re.fullmatch(template, custom_id) for template in _SAYING_WHAT_THEY_SHOWED)
    shown = next((match.groupdict() for match in matches if match), {})
    is_update = timeline.TEXT in typed and update.IMPACT in typed
    names = input_names()
    if is_update:
        names = {**names, timeline.TEXT: names[update.KNOWN]}
    return [
        (voice.say(names[name]), text)
        for name, text in typed.items()
        if text and name in names and not _is_left(voice, name, text, shown)
    ]


def _is_left(voice: Voice, name: str, text: str, shown: Mapping[str, str]) -> bool:
    """Return whether the person left the field as it was shown."""
    if name == STARTED and "started" in shown:
        return text.split() == started_shown(voice, int(shown["started"])).split()
    return digest_of(text) == shown.get(_SHOWN_AS.get(name, name))

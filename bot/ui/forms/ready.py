"""The form of `/triage`, built in advance, because a person in a hurry waits for it."""

from datetime import datetime
from typing import cast

from bot.i18n import Texts, language_of
from bot.i18n.texts import LANGUAGES
from bot.runbook.model import Policy
from bot.ui.buttons import Component
from bot.ui.forms.base import Typed, started_now, triage_form
from bot.ui.forms.fields import Form
from bot.ui.words.voice import Voice


class ReadyForms:
    """One blank form per language, built once; only the start time differs from one person to the next."""

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._voices = {language: Voice.of(texts, policy, locale=language) for language in LANGUAGES}
        self._blank = {
            language: triage_form(voice, Typed(started="")) for language, voice in self._voices.items()
        }

    def triage(self, locale: str, *, now: datetime) -> Form:
        """Return the same blank form as `triage_form`, with the start time *now* (aware)."""
        language = language_of(locale)
        blank = self._blank[language]
        *others, last = blank.fields
        typed = cast("Component", last["component"]) | {"value": started_now(self._voices[language], now)}
        return Form(blank.title, blank.custom_id, [*others, last | {"component": typed}])

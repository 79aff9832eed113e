"""The form of `/triage`, ready before anybody asks: the first thing that somebody in a hurry waits for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from discord import ui

from bot.i18n import Texts, language_of
from bot.i18n.texts import LANGUAGES
from bot.runbook.model import Policy
from bot.ui.forms.base import Typed, started_now, triage_form
from bot.ui.words.voice import Voice


class ReadyForms:
    """One blank form per language, built once; only the start time differs from one person to the next."""

    def __init__(self, texts: Texts, policy: Policy) -> None:
        self._voices = {language: Voice.of(texts, policy, locale=language) for language in LANGUAGES}
        self._blank = {
            language: triage_form(voice, Typed(started="")).to_dict()
            for language, voice in self._voices.items()
        }

    def triage(self, locale: str, *, now: datetime) -> ui.Modal:
        """What `triage_form` gives for a blank form that begins at *now* (aware)."""
        language = language_of(locale)
        blank = self._blank[language]
        *others, last = blank["components"]
        started = {**last["component"], "value": started_now(self._voices[language], now)}
        return _ready({**blank, "components": [*others, {**last, "component": started}]})


class _Ready:
    """As much of a modal as `InteractionResponse.send_modal` asks for."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._payload = payload

    def to_dict(self) -> Mapping[str, Any]:
        return self._payload

    def is_finished(self) -> bool:
        return True


def _ready(payload: Mapping[str, Any]) -> ui.Modal:
    return cast("ui.Modal", _Ready(payload))

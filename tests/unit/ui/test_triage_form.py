"""The form of `/triage`: built, or ready before anybody asks."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.ui.forms.base import TRIAGE_FORM, MessageSource, Typed, started_now, triage_form
from bot.ui.forms.ready import ReadyForms
from bot.ui.words.voice import Voice
from tests.unit.ui.samples import POLICY, TEXTS
from tests.unit.ui.screens import JA


@pytest.mark.parametrize("locale", ["ja", "en-US", "fr"])
def test_the_form_that_is_ready_is_the_one_that_would_be_built(locale: str) -> None:
    """Only the start time is filled in, and the next person's form does not know it."""
    forms, now = ReadyForms(TEXTS, POLICY), datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
    voice = Voice.of(TEXTS, POLICY, locale=locale)
    for minutes in range(2):
        at = now + timedelta(minutes=minutes)
        built = triage_form(voice, Typed(started=started_now(voice, at)))
        ready = forms.triage(locale, now=at)
        assert ready.to_dict() == built.to_dict()
        assert ready.is_finished()


def test_the_form_knows_which_message_it_is_about() -> None:
    """Its custom id holds 100 characters; without a message it is the one of older versions."""
    source = MessageSource(10**19, 10**19 + 1)
    custom_id = triage_form(JA, Typed(started=""), source=source).custom_id
    found = re.fullmatch(TRIAGE_FORM, custom_id)
    assert found is not None
    assert found.groupdict() == {"channel": str(10**19), "message": str(10**19 + 1)}
    assert len(custom_id) <= 100
    bare = re.fullmatch(TRIAGE_FORM, triage_form(JA, Typed(started="")).custom_id)
    assert bare is not None
    assert bare["message"] is None

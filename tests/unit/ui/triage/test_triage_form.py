"""The form of `/triage`."""

import re

from bot.ui.forms.fields import TRIAGE_FORM, MessageSource, Typed, triage_form
from tests.unit.ui.screens import JA


def test_the_form_knows_which_message_it_is_about() -> None:
    """The triage form's custom id has the message's channel and id, within 100 characters.

    The custom id of a form without a message names none.
    """
    source = MessageSource(10**19, 10**19 + 1)
    custom_id = triage_form(JA, Typed(started=""), source=source).custom_id
    found = re.fullmatch(TRIAGE_FORM, custom_id)
    assert found is not None
    assert found.groupdict() == {"channel": str(10**19), "message": str(10**19 + 1)}
    assert len(custom_id) <= 100
    bare = re.fullmatch(TRIAGE_FORM, triage_form(JA, Typed(started="")).custom_id)
    assert bare is not None
    assert bare["message"] is None

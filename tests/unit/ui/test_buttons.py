"""Ids that outlive a restart."""

import re

import pytest

from bot.ui.buttons import Buttons, IncidentVerb, TriageVerb, custom_id, emoji_of, reaction_of, row, template
from tests.unit.ui.samples import TEXTS

VERBS: tuple[IncidentVerb | TriageVerb, ...] = (*IncidentVerb, *TriageVerb)
BUTTONS = Buttons(TEXTS, "ja")


@pytest.mark.parametrize("verb", VERBS)
def test_each_id_is_read_by_its_own_template_only(verb: IncidentVerb | TriageVerb) -> None:
    """A click means one thing, years later too."""
    made = custom_id(verb, 42)
    readers = [other for other in VERBS if re.fullmatch(template(other), made)]
    assert readers == [verb]
    found = re.fullmatch(template(verb), made)
    assert found is not None
    assert found["number"] == "42"
    assert not re.fullmatch(template(verb), made + "0" * 20)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("locale", ["ja", "en-US"])
def test_each_button_has_words(verb: IncidentVerb | TriageVerb, locale: str) -> None:
    """Each button has in both languages a label that fits into Discord's 80 characters."""
    made = Buttons(TEXTS, locale).make(verb, 42)
    assert 1 <= len(str(made["label"])) <= 80
    assert made["custom_id"] == custom_id(verb, 42)


def test_the_contract_with_posts_that_are_out_there() -> None:
    """Changing these would kill the buttons of every open incident."""
    assert custom_id(IncidentVerb.ACK, 1) == "inc:v1:ack:1"
    assert custom_id(TriageVerb.PROMOTE, 1) == "tri:v1:promote:1"


def test_a_row_holds_five() -> None:
    """A row holds five buttons, which is Discord's limit; absent buttons take no place."""
    buttons = [BUTTONS.make(IncidentVerb.ACK, number) for number in range(6)]
    assert row([None, BUTTONS.link("to_post", None)]) == []
    assert row([*buttons[:5], None])[0]["components"] == buttons[:5]
    with pytest.raises(ValueError, match="5 buttons"):
        row(buttons)


def test_a_custom_emoji_has_two_forms() -> None:
    """One for components, one for routes."""
    assert emoji_of("👀") == {"name": "👀"}
    assert emoji_of("<a:eyes:123456789012345678>") == {"name": "eyes", "id": "123456789012345678"}
    assert reaction_of("👀") == "👀"
    assert reaction_of("<:eyes:123456789012345678>") == "eyes:123456789012345678"

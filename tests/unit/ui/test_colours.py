"""Severity and state: which colour and which sign a post has."""

from dataclasses import replace

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.runbook import default_policy_text, parse_policy
from bot.ui.posts.bodies import COLOURS, GREY, SEVERITY_COLOURS
from bot.ui.posts.paging import bundle_post
from bot.ui.posts.renderer import render
from bot.ui.screens.sheets import first_response_screen
from bot.ui.words.wording import Voice, Wording
from tests.unit.ui import screens
from tests.unit.ui.paging.test_bundles import bundle
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    CANCELLED,
    FIRST_ESCALATION,
    JA,
    PLACED,
    RESOLVED,
    TEXTS,
    delivery,
    embed_of,
)

RED, ORANGE, BLUE = SEVERITY_COLOURS
POSTS = (
    DeliveryKind.ALERT,
    DeliveryKind.THREAD_ROOT,
    DeliveryKind.THREAD_CARD,
    DeliveryKind.PAGE,
    DeliveryKind.ESCALATION,
)


def colours(incident: Incident, words: Wording = JA) -> set[object]:
    """The colours of the bars of all posts that page, the thread's card, and the consoles."""
    posts = [delivery(kind, to="person:primary", data=FIRST_ESCALATION) for kind in POSTS]
    voice = Voice.of(TEXTS, words.policy, locale="ja")
    console = screens.pieces(first_response_screen(voice, incident))
    bars = [piece["accent_color"] for piece in console if "accent_color" in piece]
    return {*bars, *(embed_of(render(words, post, incident))["color"] for post in posts)}


@pytest.mark.parametrize(
    ("severity", "colour", "sign"), [("SEV1", RED, "🔴"), ("SEV2", ORANGE, "🟠"), ("SEV3", BLUE, "🔵")]
)
def test_each_severity_has_its_colour_as_long_as_it_is_open(severity: str, colour: int, sign: str) -> None:
    """An open incident has its severity's colour, acknowledged or not."""
    waiting, taken = (replace(one, severity=severity, rings=False) for one in (PLACED, ACKNOWLEDGED))
    assert colours(waiting) == colours(taken) == {colour}
    asked = delivery(DeliveryKind.ALERT)
    assert str(render(JA, asked, waiting)["content"]).startswith(f"{sign} {severity} · ")
    assert str(render(JA, asked, taken)["content"]).startswith(f"🟠 {severity} · ")
    assert embed_of(bundle_post(JA, replace(bundle(9), severity=severity)))["color"] == colour


def test_the_order_of_the_policy_decides_not_the_name() -> None:
    """A team may call its severities what it likes; one that the file has lost counts as the highest."""
    words = Wording(TEXTS, parse_policy(default_policy_text().replace("SEV2", "MAJOR"), name="major.toml"))
    assert colours(replace(PLACED, severity="MAJOR"), words) == {ORANGE}
    assert colours(replace(PLACED, severity="SEV2"), words) == {RED}


def test_a_drill_looks_like_no_severity() -> None:
    """A drill is grey in every post and screen that has a colour, and its page has a sign of its own."""
    drill = replace(PLACED, is_drill=True)
    assert colours(drill) == {GREY}
    assert str(render(JA, delivery(DeliveryKind.PAGE), drill)["content"]).startswith("【訓練】🔘 SEV1")


@pytest.mark.parametrize("ended", [RESOLVED, CANCELLED])
def test_an_ended_one_has_the_colour_of_its_end(ended: Incident) -> None:
    """An ended incident has the colour of its status, whatever its severity was."""
    assert colours(ended) == colours(replace(ended, severity="SEV3")) == {COLOURS[ended.status]}

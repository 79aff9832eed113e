"""The open incident that a triage may be about as well, on the card and once it was joined."""

import re
from dataclasses import replace

import pytest
from hypothesis import given

from bot.domain.incident.incident import ByPerson, Status
from bot.domain.triage.session import TriageStatus
from bot.services.triage.walk import Similar, TriageView
from bot.ui.screens.outcome import JOIN, joined_card, sent_card
from bot.ui.screens.triage_card import triage_card
from bot.ui.words.summary import owner, summary
from tests.unit.ui.samples import AT, PLACED, TRIGGERED
from tests.unit.ui.screens import EN, JA, VOICES, labels, over_limits, presses, words
from tests.unit.ui.triage.test_triage_card import TITLES, TRIAGE, at, view_at

ACKED = replace(PLACED, status=Status.ACKNOWLEDGED, acknowledged=ByPerson(1, "佐藤", AT))


def beside(*, rises: bool = False, title: str = PLACED.title) -> TriageView:
    """The result of a triage, with a similar incident."""
    similar = Similar(replace(ACKED, title=title, severity="SEV3" if rises else "SEV1"), rises=rises)
    return replace(view_at(at("yes", "yes")), similar=similar)


def test_the_card_shows_it_with_a_link_its_state_and_who_is_on_it() -> None:
    """The triage card shows a similar open incident with a link, its state and who is on it.

    The first button joins that incident; raising another incident stays possible.
    """
    card = triage_card(JA, beside())
    there = "[INC-42](https://discord.com/channels/7/900)"
    stamp = int(ACKED.triggered_at.timestamp())
    assert words(card).splitlines()[-2:] == [
        f"**似た継続中の件：** {there} 🔴 SEV1 {ACKED.title} · <t:{stamp}:R> · {owner(JA, ACKED)}",
        "同じ障害なら合流してください。報告は INC-42 のスレッドと記録に載ります。新しい発報はしません。",
    ]
    assert labels(card) == ["これに合流", "別件として発報する", "戻る", "やめる"]
    assert labels(triage_card(EN, beside()))[:2] == ["Join this one", "Raise as a separate incident"]
    assert labels(triage_card(JA, view_at(at("yes", "yes"))))[0] == "発報する", "without one, as ever"


def test_a_more_severe_result_says_what_joining_does() -> None:
    """If the triage is more severe than the similar incident, card and button say that joining raises it."""
    card = triage_card(JA, beside(rises=True))
    assert "合流すると INC-42 を **SEV3 から SEV1 に上げます**" in words(card)
    assert labels(card)[0] == "合流して SEV1 に上げる"
    assert labels(triage_card(EN, beside(rises=True)))[0] == "Join and raise it to SEV1"


@pytest.mark.parametrize("rises", [False, True])
def test_the_button_says_what_it_promised(*, rises: bool) -> None:
    """A press on an old card does not do another thing than it said."""
    join, confirm, *_ = (
        one
        for one in presses(triage_card(JA, beside(rises=rises)))
        if "severity" not in one and "revise" not in one
    )
    found = re.fullmatch(JOIN, join)
    assert found is not None
    assert found.groupdict() == {
        "way": "join_up" if rises else "join",
        "number": str(TRIAGE.id),
        "incident": "42",
        "shown": "SEV1",
    }
    assert confirm == f"tri:v1:confirm:{TRIAGE.id}:SEV1", "an older version knows this one"


@given(title=TITLES)
def test_it_keeps_within_discords_limits(title: str) -> None:
    """The cards about a similar incident keep within Discord's limits, whatever the two titles are.

    This is so in both languages, before the person joins and after.
    """
    for voice in VOICES:
        for rises in (False, True):
            view = beside(rises=rises, title=title)
            view = replace(view, triage=replace(view.triage, title=title))
            assert over_limits(triage_card(voice, view)) == []
        assert over_limits(joined_card(voice, replace(ACKED, title=title))) == []


def test_once_it_is_joined_the_card_leads_there() -> None:
    """After joining, the card leads to the incident, and says who is on it and what this means.

    The card says that no new incident was raised.
    """
    view = replace(view_at(at("yes", "yes"), status=TriageStatus.OPENED, joined=True), incident=ACKED)
    card = triage_card(JA, view)
    assert words(card).splitlines() == [
        "🔗 **INC-42 に合流しました** 新しい発報はしていません。",
        summary(JA, ACKED),
        JA.say("consoles.triage.joined_what"),
        JA.say("consoles.ack.where"),
    ]
    assert labels(card)[:2] == ["アラートを開く", "スレッドへ"]
    unplaced = words(joined_card(EN, TRIGGERED))
    assert "🔴" in unplaced
    assert "No new alert was raised" in unplaced


def test_what_was_raised_at_once_names_the_way_to_merge() -> None:
    """The card of an incident that resembles an open one says how to merge them, in both languages.

    The Japanese card ends with the similar incident and the command `/incident merge`.
    """
    told = words(sent_card(JA, replace(PLACED, id=43), similar=ACKED)).splitlines()
    assert told[-3].startswith("**似た継続中の件：** [INC-42](")
    assert told[-2] == "同じ障害なら `/incident merge` で INC-42 に統合してください。"
    assert "merge it into INC-42" in words(sent_card(EN, replace(PLACED, id=43), similar=ACKED))

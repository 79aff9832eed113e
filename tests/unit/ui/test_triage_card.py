"""The card of `/triage` at each place of the tree."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.start_time import InvalidStartTime
from bot.domain.triage import Path, Position
from bot.domain.triage_session import StoredAnswer, Triage, TriageStatus
from bot.services.triages import TriageView
from bot.ui.forms import Typed
from bot.ui.triage_card import retry_message, sent_card, triage_card, typed_before
from bot.ui.voice import Voice
from tests.unit.ui.samples import AT, PLACED, POLICY, TRIGGERED
from tests.unit.ui.screens import EN, JA, VOICES, labels, over_limits, pieces, presses, words

TRIAGE = Triage(
    id=10**18 - 1,
    guild_id=7,
    user_id=103,
    user_name="responder",
    title="決済 API が 5xx",
    targets=("api.parky.co.jp",),
    symptoms=("errors",),
    started_at=AT,
    status=TriageStatus.OPEN,
    answers=(),
)
#: Any place of the tree, the ends included.
PLACES = list(POLICY.tree.walk())
#: Titles as somebody in a hurry, or somebody with bad intentions, types them.
TITLES = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}\n 決😀"), min_size=1, max_size=200)


def view_at(position: Position, **changes: Any) -> TriageView:
    """The view of a walk that has come to *position*."""
    triage = replace(TRIAGE, **changes)
    name = triage.severity or (position.outcome.severity if position.outcome else None)
    severity = None if name is None else POLICY.severities[name]
    answers = tuple(StoredAnswer(one.node, one.answer, one.unsure, "responder") for one in position.path)
    due = None if severity is None else POLICY.ack_due(severity, at=AT)
    return TriageView(replace(triage, answers=answers), position, severity, due)


def at(*answers: str) -> Position:
    """Where these answers lead."""
    path: Path = ()
    for answer in answers:
        path = POLICY.tree.give(path, answer)
    return POLICY.tree.follow(path)


def test_a_question_has_its_answers_and_the_ways_out() -> None:
    """One at a time; わからない says what it counts as; nothing to go back to yet."""
    card = triage_card(JA, view_at(at()))
    assert words(card).splitlines() == [
        "**本番ユーザーに影響がありますか？**",
        "決済 API が 5xx / api.parky.co.jp / エラー率上昇 / 11/24 14:07 JST",
        "-# 「わからない」は重い方の「はい」として数えます。",
    ]
    assert labels(card) == ["はい", "いいえ", "わからない", "やめる"]
    assert labels(triage_card(JA, view_at(at("yes"))))[-2:] == ["戻る", "やめる"]


def test_the_result_says_everything_before_it_happens() -> None:
    """Severity, path, channel, mention, deadline, who gets a DM, where the thread is."""
    card = triage_card(JA, view_at(at("yes", "unsure")))
    assert words(card).splitlines()[:5] == [
        "**SEV1 / P0** 本番影響あり → 影響大 (わからない)",
        "#p0-alerts に @here で通知",
        "15 分以内に ack (11/24 14:22 JST まで)",
        "担当 @primary に DM",
        "#p0-alerts にスレッドを開く",
    ]
    assert labels(card) == ["発報する", "戻る", "やめる"]


def test_a_calendar_deadline_is_told_as_one() -> None:
    """SEV3: 翌営業日; nobody gets a DM."""
    told = words(triage_card(JA, view_at(at("no", "yes"))))
    assert "翌営業日に ack (11/25 11:00 JST まで)" in told
    assert "DM" not in told


def test_a_severity_chosen_by_hand_is_marked() -> None:
    """The path stays, and so does the tree's outcome in the select."""
    card = triage_card(EN, view_at(at("yes", "no"), severity="SEV1"))
    assert "**SEV1 / P0** Production affected → Partial impact · chosen by hand" in words(card)
    (select,) = [piece for piece in pieces(card) if piece["type"] == 3]
    assert [option["value"] for option in select["options"] if option.get("default")] == ["SEV1"]


def test_reevaluation_says_until_when_and_where() -> None:
    """Before and after confirming it."""
    before = triage_card(JA, view_at(at("no", "no")))
    assert "#p1-ops で確認を求めます。30 分以内に誰も答えなければ SEV2" in words(before)
    assert labels(before)[0] == "再評価に回す"
    due = AT + timedelta(minutes=30)
    later = view_at(at("no", "no"), status=TriageStatus.REEVALUATING, reevaluate_at=due)
    assert "11/24 14:37 JST までに誰も答えなければ SEV2" in words(triage_card(JA, later))


@pytest.mark.parametrize("status", [TriageStatus.CANCELLED, TriageStatus.DISMISSED])
def test_what_is_over_has_no_buttons(status: TriageStatus) -> None:
    """Nothing can be done with it any more."""
    card = triage_card(JA, view_at(at(), status=status))
    assert presses(card) == []
    assert "⚪" in words(card)


def test_the_sent_card_gets_its_links() -> None:
    """At once without them, then with them."""
    early, late = sent_card(JA, TRIGGERED), sent_card(JA, PLACED)
    assert "投稿中" in words(early)
    assert labels(early) == ["更新"]
    assert "投稿中" not in words(late)
    assert labels(late) == ["投稿へ", "スレッドへ", "更新"]
    opened = replace(view_at(at("yes", "yes"), status=TriageStatus.OPENED), incident=PLACED)
    assert words(triage_card(JA, opened)) == words(late)


@given(title=TITLES, place=st.sampled_from(PLACES), voice=st.sampled_from(VOICES))
def test_every_card_keeps_within_discords_limits(title: str, place: Position, voice: Voice) -> None:
    """Whatever was typed, at every place of the tree."""
    view = view_at(place, title=title, targets=POLICY.targets, symptoms=tuple(POLICY.symptoms))
    assert over_limits(triage_card(voice, view)) == []
    assert over_limits(sent_card(voice, replace(PLACED, title=title))) == []


@given(title=TITLES, targets=st.sets(st.sampled_from(POLICY.targets)))
def test_a_refused_form_comes_back_as_it_was(title: str, targets: set[str]) -> None:
    """The message keeps it, exactly; Discord shows author and footer without markup."""
    chosen = tuple(target for target in POLICY.targets if target in targets)
    typed = Typed("さっき", title=title, targets=chosen, symptoms=("slow",))
    text, embed, view = retry_message(JA, typed, InvalidStartTime("さっき", now=AT))
    (custom_id,) = presses(view)
    bits = [int(part) for part in custom_id.split(":")[-2:]]
    message = cast("discord.Message", _Message(embed))
    assert typed_before(JA, message, targets=bits[0], symptoms=bits[1]) == typed
    assert text.startswith("開始時刻「さっき」は読めません")


class _Message:
    """A message with one embed."""

    def __init__(self, embed: discord.Embed) -> None:
        self.embeds = [embed]

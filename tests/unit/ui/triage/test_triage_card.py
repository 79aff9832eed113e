"""The card of `/triage` at each place of the tree."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar.typed_times import InvalidStartTime
from bot.domain.incident.incident import ByPerson, Status
from bot.domain.triage.session import Evidence, StoredAnswer, StoredChoice, Triage, TriageStatus
from bot.domain.triage.tree import Given, Path, Position, Text
from bot.runbook import default_policy_text, parse_policy
from bot.services.triage.walk import PressResult, TriageView
from bot.ui.forms.fields import MessageSource, Typed
from bot.ui.screens.outcome import RETRY, raised_card, retry_message, sent_card, typed_before
from bot.ui.screens.triage_card import answered_before, triage_card
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice
from tests.unit.ui.samples import ACKNOWLEDGED, AT, PLACED, POLICY, RESOLVED, TEXTS, TRIGGERED
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
    created_at=AT,
    status=TriageStatus.OPEN,
    answers=(),
)
#: Any place of the tree, the ends included.
PLACES = list(POLICY.tree.walk())
#: Titles as somebody in a hurry, or somebody with bad intentions, types them.
TITLES = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}\n 決😀"), min_size=1, max_size=200)


def given_by(one: Given, by_id: int = 103, by_name: str = "responder") -> StoredAnswer:
    """An answer as it is stored."""
    return StoredAnswer(one.node, one.answer, one.unsure, by_id, by_name, AT)


def view_at(position: Position, **changes: Any) -> TriageView:
    """The view of a walk that has come to *position*."""
    triage = replace(TRIAGE, **changes)
    name = triage.severity or (position.outcome.severity if position.outcome else None)
    severity = None if name is None else POLICY.severities[name]
    answers = tuple(given_by(one) for one in position.path)
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
        "-# 決済エラー、データの損失・破損、セキュリティの可能性があれば「はい」。",
        "決済 API が 5xx / api.parky.co.jp / エラー率上昇 / 11/24 14:07 JST",
        "-# 「わからない」は安全側で「はい」として扱います。",
    ]
    assert labels(card) == ["はい", "いいえ", "わからない", "やめる"]
    following = triage_card(JA, view_at(at("yes")))
    assert labels(following)[-2:] == ["戻る", "やめる"]
    assert "可能性があれば" not in words(following), "a question without a hint has no line of one"


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("answers", [1, 2, 3, 4])
def test_no_question_has_more_than_five_buttons(voice: Voice, answers: int) -> None:
    """A question has at most five buttons; three or more answers are in a select, with わからない last."""
    asked = at("yes").question
    assert asked is not None
    yes = asked.answers[0]
    label = Text("あ" * 80, "a" * 80)
    several = tuple(replace(yes, id=f"{n}" * 24, label=label) for n in range(answers))
    hint = Text("*" * 150, "*" * 150)
    question = replace(asked, id="q" * 24, answers=several, unsure=several[0].id, hint=hint)
    card = triage_card(voice, view_at(replace(at("yes"), question=question)))
    assert over_limits(card) == []
    assert len(labels(card)) <= 5
    selects = [piece for piece in pieces(card) if piece["type"] == 3]
    ids = [one["value"] for select in selects for one in select["options"]]
    assert ids == ([] if answers <= 2 else [*(one.id for one in several), "unsure"])


def test_the_result_says_everything_before_it_happens() -> None:
    """Severity, path, channel, mention, deadline, who gets a DM, where the thread is."""
    card = triage_card(JA, view_at(at("yes", "unsure")))
    assert words(card).splitlines()[:6] == [
        "**SEV1 / P0** 本番影響あり → 影響大かは不明 (安全側で「はい」)",
        "**まだ送っていません。** [🚨 発報する] を押すと：",
        "#p0-alerts に @here で通知",
        "押してから 15 分以内に ack",
        "当番 @primary に DM",
        "#p0-alerts にスレッドを開く",
    ]
    assert labels(card) == ["発報する", "戻る", "やめる"]


def test_a_calendar_deadline_is_told_as_one() -> None:
    """The card of a SEV3 gives the deadline as the next business day, with its time, and announces no DM."""
    told = words(triage_card(JA, view_at(at("no", "yes"))))
    assert "翌営業日に ack (11/25 11:00 JST まで)" in told
    assert "DM" not in told


def test_a_severity_chosen_by_hand_is_marked() -> None:
    """The path stays, and so does the tree's outcome in the select."""
    card = triage_card(EN, view_at(at("yes", "no"), severity="SEV1"))
    assert "**SEV1 / P0** Production affected → Partial impact · chosen by hand" in words(card)
    severities, _ = [piece for piece in pieces(card) if piece["type"] == 3]
    assert [option["value"] for option in severities["options"] if option.get("default")] == ["SEV1"]


@pytest.mark.parametrize(
    ("proposed", "ja", "en"),
    [
        (
            "SEV2",
            "@primary 11/24 14:07 JST、判定フローでは SEV2",
            "@primary, 11/24 14:07 JST; the tree said SEV2",
        ),
        ("reevaluate", "判定フローでは 再評価", "the tree said re-evaluation"),
        (None, "判定フローの途中", "the tree was not finished"),
    ],
)
def test_who_has_overruled_the_tree_is_on_the_card(proposed: str | None, ja: str, en: str) -> None:
    """The card shows who chose the severity by hand, when, and what was proposed."""
    view = replace(
        view_at(at("yes", "no"), severity="SEV1"), choice=StoredChoice(proposed, "SEV1", 9, "primary", AT)
    )
    assert ja in words(triage_card(JA, view)).partition("手動で選択 (")[2]
    assert en in words(triage_card(EN, view)).partition("chosen by hand (")[2]


def test_reevaluation_says_until_when_and_where() -> None:
    """The card of a re-evaluation says when and where it asks, and what follows if nobody answers.

    It does so before it is confirmed, after that, while it asks, and on looking again.
    """
    before = triage_card(JA, view_at(at("no", "no")))
    assert "30 分後に #p1-ops で確認します。そこから 15 分以内に誰も答えなければ SEV2" in words(before)
    assert labels(before)[0] == "再評価に回す"
    due = AT + timedelta(minutes=30)
    held = view_at(at("no", "no"), status=TriageStatus.REEVALUATING, due_at=due, rounds=1)
    assert "11/24 14:37 JST に #p1-ops で確認します" in words(triage_card(JA, held))
    assert labels(triage_card(JA, held)) == ["発報する", "問題なし", "もう一度見る"], (
        "answered from here, too"
    )
    asked = replace(held, triage=replace(held.triage, asked_at=due, due_at=due + timedelta(minutes=15)))
    assert "11/24 14:52 JST までに誰も答えなければ SEV2" in words(triage_card(JA, asked))
    again = view_at(at(), due_at=due, rounds=1)
    assert "11/24 14:37 JST" in words(triage_card(JA, again))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (TriageStatus.CANCELLED, "発報していません"),
        (TriageStatus.DISMISSED, "問題なし"),
        (TriageStatus.EXPIRED, "続けるなら /triage を実行してください"),
    ],
)
def test_what_is_over_has_no_buttons(status: TriageStatus, told: str) -> None:
    """The card of a triage that was cancelled, dismissed or has expired says so and has no buttons."""
    card = triage_card(JA, view_at(at(), status=status))
    assert presses(card) == []
    assert "⚪" in words(card)
    assert told in words(card)


def test_the_sent_card_names_who_is_on_it() -> None:
    """The reporter waits for that; the deadline is gone then."""
    for incident in (PLACED, ACKNOWLEDGED, RESOLVED):
        for voice in VOICES:
            assert summary(voice, incident) in words(sent_card(voice, incident)).splitlines()
    assert "ack 14:22 まで" in words(sent_card(JA, PLACED))


def test_the_sent_card_gets_its_links() -> None:
    """The card of an incident just raised says that it is being posted, and later links to the posts."""
    early, late = sent_card(JA, TRIGGERED), sent_card(JA, PLACED)
    assert "投稿中" in words(early)
    assert labels(early) == ["更新"]
    assert "投稿中" not in words(late)
    assert labels(late) == ["アラートを開く", "スレッドへ", "更新"]
    opened = replace(view_at(at("yes", "yes"), status=TriageStatus.OPENED), incident=PLACED)
    assert words(triage_card(JA, opened)) == words(late)


@given(title=TITLES, place=st.sampled_from(PLACES), voice=st.sampled_from(VOICES))
def test_every_card_keeps_within_discords_limits(title: str, place: Position, voice: Voice) -> None:
    """The triage card keeps within Discord's limits at every place of the tree, whatever title was typed.

    So does the card of the incident that was raised.
    """
    view = view_at(place, title=title, targets=POLICY.targets, symptoms=tuple(POLICY.symptoms))
    assert over_limits(triage_card(voice, view)) == []
    assert over_limits(sent_card(voice, replace(PLACED, title=title))) == []


@given(title=TITLES, targets=st.sets(st.sampled_from(POLICY.targets)), is_about=st.booleans())
def test_a_refused_form_comes_back_as_it_was(title: str, targets: set[str], *, is_about: bool) -> None:
    """The message keeps it, exactly; Discord shows author and footer without markup."""
    chosen = tuple(target for target in POLICY.targets if target in targets)
    typed = Typed("さっき", title=title, targets=chosen, symptoms=("slow",))
    source = MessageSource(10**19, 10**19 + 1) if is_about else None
    text, embed, view = retry_message(JA, typed, InvalidStartTime("さっき", now=AT), source=source)
    (custom_id,) = presses(view)
    found = re.fullmatch(RETRY, custom_id)
    assert found is not None
    message = cast("discord.Message", _Message(embed))
    assert typed_before(JA, message, found.groupdict()) == typed
    assert found["message"] == (str(10**19 + 1) if is_about else None)
    assert len(custom_id) <= 100
    assert text.startswith("開始時刻「さっき」は読めません")


def test_the_message_that_it_is_about_is_quoted_with_a_link() -> None:
    """The card quotes the message with a link; mentions in it ping no one."""
    evidence = Evidence(
        text="@everyone 決済が落ちてます",
        author_id=9,
        author_name="shop-api",
        url="https://discord.com/channels/7/1/2",
        at=AT,
    )
    for place in (at(), at("yes", "yes")):
        card = triage_card(JA, view_at(place, evidence=evidence))
        line = "> ＠everyone 決済が落ちてます — @shop-api https://discord.com/channels/7/1/2"
        assert line in words(card).splitlines()
    wordless = triage_card(EN, view_at(at(), evidence=replace(evidence, text="")))
    assert "> (no text) — @shop-api" in words(wordless)


def test_an_earlier_answer_can_be_chosen() -> None:
    """From the second answer on, the card has a select of the earlier answers.

    A single answer needs none: the card has a button to go back.
    """
    single = presses(triage_card(JA, view_at(at("yes"))))
    assert "revise" not in str(single)
    assert f"tri:v1:back:{TRIAGE.id}" in single
    card = triage_card(JA, view_at(at("yes", "no")))
    (select,) = [piece for piece in pieces(card) if piece.get("custom_id") == f"tri:v1:revise:{TRIAGE.id}"]
    assert [(one["label"], one["value"]) for one in select["options"]] == [
        ("1. はい", "users_affected"),
        ("2. いいえ", "large_impact"),
    ]


def test_the_button_says_what_it_opens() -> None:
    """The custom id of the button to confirm has the result that the card shows."""
    assert f"tri:v1:confirm:{TRIAGE.id}:SEV2" in presses(triage_card(JA, view_at(at("yes", "no"))))
    assert f"tri:v1:confirm:{TRIAGE.id}:reevaluate" in presses(triage_card(JA, view_at(at("no", "no"))))


def test_names_are_shown_once_several_people_have_answered() -> None:
    """The card names who gave which answer only if several people have answered."""
    view = view_at(at("yes", "unsure"))
    first, second = view.triage.answers
    other = replace(second, by_id=101, by_name="primary")
    both = replace(view, triage=replace(view.triage, answers=(first, other)))
    assert "本番影響あり (@responder) → 影響大かは不明 (安全側で「はい」) (@primary)" in words(
        triage_card(JA, both)
    )
    assert "@responder" not in words(triage_card(JA, view))


def test_why_a_press_did_nothing() -> None:
    """The card's first line says why a press did nothing, and who was first if somebody else had answered."""
    view = view_at(at("yes"))
    first = replace(view, notice=PressResult.ANSWERED, first_answer=view.triage.answers[0])
    told = words(triage_card(JA, first)).splitlines()[0]
    assert told == "ℹ️ @responder が先に「はい」と答えました (11/24 14:07 JST)。"
    why = {
        PressResult.OUTDATED: "判定フローが更新",
        PressResult.CHANGED: "判定が変わって",
        PressResult.REOPENED: "答えが取り消され",
        PressResult.JOINED: "@responder がトリアージ中",
        PressResult.HELD: "再評価待ち",
    }
    assert {*why, PressResult.ANSWERED, PressResult.GONE} == set(PressResult)
    gone = replace(view, notice=PressResult.GONE, gone=41)
    assert words(triage_card(JA, gone)).startswith("⚠️ No.41 には合流できなくなりました")
    for notice, word in why.items():
        assert word in words(triage_card(JA, replace(view, notice=notice))).splitlines()[0]


def test_an_old_card_tells_nothing_of_what_became_private() -> None:
    """An old card shows only the number of an incident that has become private."""
    secret = replace(PLACED, is_private=True)
    view = replace(view_at(at("yes"), status=TriageStatus.OPENED), incident=secret)
    assert words(triage_card(JA, view)) == f"🔒 {secret.label} · 非公開"
    assert labels(triage_card(JA, view)) == []
    told = answered_before(JA, view)
    assert secret.label in told
    assert secret.severity not in told


def test_what_a_message_has_become_is_shown_as_it_stands() -> None:
    """The card of a message that became an incident shows the line of all its posts, and the ways to it."""
    acked = replace(PLACED, status=Status.ACKNOWLEDGED, acknowledged=ByPerson(1, "primary", AT))
    told = words(raised_card(JA, acked))
    assert f"すでに {acked.label} として発報されて" in told
    assert summary(JA, acked) in told.splitlines()
    assert labels(raised_card(JA, acked))[-2:] == ["重大度", "更新"]
    assert summary(EN, PLACED) in words(raised_card(EN, PLACED)).splitlines()
    assert over_limits(raised_card(JA, acked)) == []


def test_others_who_triage_now_are_named() -> None:
    """The card names others who triage now and the titles of theirs, escaped, as many as fit."""
    others = tuple(replace(TRIAGE, title="*" * 200, user_name=f"p{n}") for n in range(30))
    view = replace(view_at(at()), others=(replace(TRIAGE, title="@here 落ちた"), *others))
    told = words(triage_card(JA, view)).splitlines()[-1]
    assert told.startswith("🔎 ほかのトリアージ：「＠here 落ちた」(@responder)")
    assert over_limits(triage_card(JA, view)) == []


def test_a_reevaluation_that_was_answered_before() -> None:
    """A re-evaluation that was answered before says who ended it, or which incident it has become.

    If neither is known, the answer says only that the re-evaluation was answered.
    """
    view = view_at(at("no", "no"), status=TriageStatus.DISMISSED, ended_by_name="primary")
    assert "@primary が問題なしとして終えました" in answered_before(JA, view)
    assert "INC-42 (SEV1)" in answered_before(EN, replace(view, incident=PLACED))
    expired = view_at(at(), status=TriageStatus.EXPIRED)
    assert answered_before(JA, expired) == "この再評価には回答済みです。"


class _Message:
    """A message with one embed."""

    def __init__(self, embed: discord.Embed) -> None:
        self.embeds = [embed]


def test_the_card_names_the_channel_and_the_role_of_the_team() -> None:
    """Each choice of the severity says where the team's alert would go, and whom it would ring."""
    table = '[teams.web]\nchannel = "web-alerts"\nrole = "web-team"\n'
    policy = parse_policy(default_policy_text() + table, name="x.toml")
    view = replace(view_at(at("no", "yes")), team="web", severity=policy.rules("SEV1", team="web"))
    told = str(list(pieces(triage_card(Voice.of(TEXTS, policy, locale="ja"), view))))
    assert "#web-alerts に @web-team で通知" in told
    assert "#p0-alerts" not in told

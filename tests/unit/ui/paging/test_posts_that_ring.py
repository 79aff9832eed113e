"""Pages, escalations, re-evaluations and replays, as people read them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.delivery.delivery import Request
from bot.domain.delivery.kinds import Action, AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import EndedAck, Incident, IncidentKind, PersonRef, Role
from bot.domain.incident.parts import Aftermath, Calls, CallStep, Postmortem, PostmortemState
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from cogs.digest.rules import DigestDelivery
from cogs.dlq.rules import DlqDeliveryKind
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    EN,
    FIRST_ESCALATION,
    JA,
    PLACED,
    RESOLVED,
    TRIGGERED,
    delivery,
    description_of,
    labels_of,
    presses_of,
)


def page(data: Mapping[str, object] | None = None, *, reader: str | None = None) -> str:
    """What the DM's embed says to *reader*."""
    request = None if reader is None else Request(Action.MESSAGE, 1, None, {}, reader)
    asked = replace(delivery(DeliveryKind.PAGE, to="person:primary", data=data), request=request)
    return description_of(render(JA, asked, PLACED))


def escalation(**changes: object) -> dict[str, object]:
    """The message of the step at the deadline, with some of its facts changed."""
    asked = delivery(DeliveryKind.ESCALATION, data={**FIRST_ESCALATION, **changes})
    return render(JA, asked, PLACED)


def test_page_says_what_to_do_and_by_when() -> None:
    """The lock screen first; one tap to acknowledge. A tired person reads five lines."""
    data = {"step": 0, "waited_s": 0.0, "next": None}
    for kind in IncidentKind:
        placed = replace(PLACED, kind=kind)
        body = render(JA, delivery(DeliveryKind.PAGE, data=data), placed)
        assert body["content"] == "🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
        assert description_of(body).splitlines() == [
            "影響：エラー率上昇 · 本番影響あり → 影響大",
            "あなたが当番です。**👀 ack を押して対応を始める · 期限 <t:1795497720:R>**",
            "誰も取らないと：この先は誰にも通知しません",
            f"-# api.parky.co.jp · 開始 11/24 14:05 JST · {placed.label}",
        ]
    assert presses_of(body) == [
        "inc:v1:ack:42",
        "https://discord.com/channels/7/900",
        "inc:v1:decline:42",
        "inc:v1:why:42",
    ]


@pytest.mark.parametrize(
    ("words", "following", "says"),
    [
        (JA, {}, "誰も取らないと：14:22 JST @here + @primary、@secondary に通知"),
        (EN, {}, "If nobody takes it: @here + @primary, @secondary will be notified at 14:22 JST"),
        (JA, {"mention": "none"}, "誰も取らないと：14:22 JST @primary、@secondary に通知"),
        (JA, {"mention": "none", "dm": []}, "誰も取らないと：14:22 JST チャンネルに再通知"),
        (JA, None, "誰も取らないと：この先は誰にも通知しません"),
    ],
)
def test_page_says_what_happens_otherwise(
    words: Wording, following: Mapping[str, object] | None, says: str
) -> None:
    """A page names the next step of the ladder below the task, until an acknowledge."""
    first = {"dm": ["primary", "secondary"], "mention": "here", "due_at": TRIGGERED.ack_due_at.isoformat()}
    data = {"step": 0, "waited_s": 0.0, "next": None if following is None else {**first, **following}}
    asked = delivery(DeliveryKind.PAGE, to="person:primary", data=data)
    assert description_of(render(words, asked, PLACED)).splitlines()[2] == says
    assert says not in description_of(render(words, asked, ACKNOWLEDGED))


def test_page_of_a_quiet_drill_announces_no_mention() -> None:
    """The page of a silent drill announces no mention."""
    data = {"waited_s": 0.0, "next": FIRST_ESCALATION["next"]}
    asked = delivery(DeliveryKind.PAGE, to="person:primary", data=data)
    quiet = description_of(render(JA, asked, replace(PLACED, is_drill=True, rings=False)))
    assert "誰も取らないと：14:37 JST @primary、@secondary に通知" in quiet


def test_page_before_the_alert_is_there_has_no_dead_link() -> None:
    """The link comes with the first refresh."""
    assert presses_of(render(JA, delivery(DeliveryKind.PAGE), TRIGGERED)) == [
        "inc:v1:ack:42",
        "inc:v1:decline:42",
        "inc:v1:why:42",
    ]


def test_page_says_who_passed_it_on() -> None:
    """A page that was passed on by 対応できない names the person who cannot respond."""
    assert "@secondary が対応できないため、あなたに回りました。" in page({"declined_by": "secondary"})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (JA, "@primary に DM が届かないため、あなたに通知しています"),
        (EN, "@primary cannot be reached by DM, so this comes"),
    ],
)
def test_page_says_who_could_not_be_reached(words: Wording, says: str) -> None:
    """A page says that it comes to this person now because another person cannot be reached by DM."""
    why = {"why": {"kind": "unreached", "who": "@primary"}}
    body = render(words, delivery(DeliveryKind.PAGE, to="person:secondary", data=why), PLACED)
    assert says in description_of(body)


@pytest.mark.parametrize(
    ("kind", "own"), [("lapsed", "あなたの ack は失効"), ("released", "あなたが手を離した")]
)
@pytest.mark.parametrize("by", ["Primary", "123456789012345678"])
def test_whoever_was_on_it_is_not_told_of_themselves_by_name(kind: str, own: str, by: str) -> None:
    """A page tells the former responder that their own acknowledge ended, by username or id.

    Every other reader is told the former responder's name.
    """
    why = {"kind": kind, "who": "primary", "who_id": 123456789012345678}
    assert own in page({"why": why}, reader=by)
    assert "@primary" in page({"why": why}, reader="secondary")
    assert "@primary" in page({"why": {"kind": kind, "who": "primary"}})


def test_a_reason_that_only_a_newer_version_knows_is_left_out() -> None:
    """A page leaves out a reason that only a newer version of the bot knows, as happens in an upgrade."""
    assert "あなたが当番です" in page({"why": {"kind": "unheard of", "who": "?"}})


def test_alert_says_who_cannot_be_reached_while_it_waits() -> None:
    """An alert names the people whose DMs are refused, until an acknowledge."""
    asked = delivery(DeliveryKind.ALERT)
    waiting, taken = (replace(one, unreached=("@primary",)) for one in (PLACED, ACKNOWLEDGED))
    assert "⚠️ @primary に DM が届きません" in description_of(render(JA, asked, waiting))
    assert "DM が届きません" not in description_of(render(JA, asked, taken))


@pytest.mark.parametrize(
    ("kind", "says"),
    [("unreached", "当番に連絡がつきません"), ("declined", "当番の全員が対応できません")],
)
def test_escalation_before_its_time_says_why(kind: str, says: str) -> None:
    """An escalation ahead of its time says why, below how bad it is."""
    body = escalation(why={"kind": kind, "who": "@primary"})
    assert description_of(body).splitlines()[1] == f"{says}。"


def test_escalation_after_a_hand_back_says_no_more_why_it_came() -> None:
    """The reason was that of an earlier wait, which an acknowledgement ended."""
    handed_back = replace(PLACED, ack_ended=EndedAck("primary", AT + timedelta(minutes=20), lapsed=False))
    overdue, why = [AT.isoformat()], {"kind": "declined", "who": "@primary"}
    asked = delivery(DeliveryKind.ESCALATION, data={**FIRST_ESCALATION, "why": why, "overdue": overdue})
    told = description_of(render(JA, asked, handed_back))
    assert "対応できません" not in told
    assert "予定どおり" not in told
    at_once = {**FIRST_ESCALATION, "why": {"kind": "released", "who": "primary"}, "waited_s": 1_200.0}
    told = description_of(render(JA, delivery(DeliveryKind.ESCALATION, data=at_once), handed_back))
    assert "@primary" in told.splitlines()[1]


def test_page_after_the_deadline_says_since_when_it_is_overdue() -> None:
    """A page after the deadline says since when the acknowledge is overdue, and asks for it right away."""
    asked = "⏰ ack 期限切れ：14:22 JST (<t:1795497720:R>)。**今すぐ 👀 ack を押して対応を始める**"
    assert asked in page(FIRST_ESCALATION).splitlines()


def test_page_ends_when_somebody_has_it() -> None:
    """No button is left that asks for anything."""
    body = render(JA, delivery(DeliveryKind.PAGE), ACKNOWLEDGED)
    assert body["content"] == "🟠 SEV1 · 決済 API が 5xx · **@primary が対応中 (14:09 から)**"
    small = "-# api.parky.co.jp · 開始 11/24 14:05 JST · INC-42"
    assert description_of(body).splitlines() == ["今やることはありません。", small]
    ended = render(JA, delivery(DeliveryKind.PAGE), RESOLVED)
    assert ended["content"] == "🟢 SEV1 · 決済 API が 5xx · **@primary が解決 (14:52)**"
    assert description_of(ended).splitlines() == ["今やることはありません。", small]
    assert presses_of(body) == ["https://discord.com/channels/7/900", "inc:v1:why:42"]


def test_page_of_the_owner_of_a_postmortem_says_when_it_is_due() -> None:
    """The incident is over, and something is left to do after all: for its owner, until it is done."""
    owed = Postmortem(
        state=PostmortemState.OWED, owner_id=101, owner_name="primary", due_on=date(2026, 12, 1)
    )
    asked = delivery(DeliveryKind.PAGE, to="person:primary")

    def told(postmortem: Postmortem, reader: str) -> str:
        request = Request(Action.MESSAGE, 1, None, {}, reader)
        over = replace(RESOLVED, aftermath=Aftermath(postmortem=postmortem))
        return description_of(render(JA, replace(asked, request=request), over)).splitlines()[0]

    assert told(owed, "primary") == "📝 **postmortem の担当はあなたです：12/01 (火) まで**"
    assert told(owed, "secondary") == "今やることはありません。"
    assert told(replace(owed, state=PostmortemState.DONE), "primary") == "今やることはありません。"


def test_page_of_the_responder_says_what_they_owe_and_offers_it() -> None:
    """The responder's page says that they have it and until when the next update is due.

    The buttons offer the thread, an update, the command and letting go, as far as each makes sense.
    """
    updates = replace(ACKNOWLEDGED.updates, due_at=AT + timedelta(minutes=30))
    promised = replace(ACKNOWLEDGED, updates=updates)
    asked = delivery(DeliveryKind.PAGE, to="person:primary")
    theirs = replace(asked, request=Request(Action.MESSAGE, 1, None, {}, "primary"))
    body = render(JA, theirs, promised)
    assert body["content"] == (
        "🟠 SEV1 · 決済 API が 5xx · **@primary が対応中 (14:09 から)** · 次の更新 14:37 まで"
    )
    assert description_of(body).splitlines() == [
        "**あなたが対応中です · 次の更新 14:37 JST まで (<t:1795498620:R>)**",
        "更新しないと：催促、15 分応答がなければ次の人へ",
        "-# api.parky.co.jp · 開始 11/24 14:05 JST · INC-42",
    ]
    assert labels_of(body) == ["スレッドへ", "更新", "指揮する", "手を離す"]
    commands = replace(promised, roles={Role.COMMANDER: PersonRef(101, "primary")})
    assert labels_of(render(JA, theirs, commands)) == ["スレッドへ", "更新", "手を離す"]
    alert = replace(promised, kind=IncidentKind.ALERT)
    assert labels_of(render(JA, theirs, alert)) == ["スレッドへ", "手を離す"]


@pytest.mark.parametrize(
    ("words", "reminders", "says"),
    [
        (JA, 1, "**あなたが対応中です · ⏰ 更新の期限切れ：14:37 JST (<t:1795498620:R>)**"),
        (EN, 1, "**You are on it · ⏰ update overdue since 14:37 JST (<t:1795498620:R>)**"),
        (EN, 0, "**You are on it · next update by 14:37 JST (<t:1795498620:R>)**"),
        (JA, None, "**あなたが対応中です**"),
    ],
)
def test_page_of_the_responder_says_until_when(words: Wording, reminders: int | None, says: str) -> None:
    """The line names the next update, or the one that is overdue, or nothing if none is planned."""
    due = None if reminders is None else AT + timedelta(minutes=30)
    updates = replace(ACKNOWLEDGED.updates, due_at=due, reminders=reminders or 0)
    asked = delivery(DeliveryKind.PAGE, to="person:primary")
    theirs = replace(asked, request=Request(Action.MESSAGE, 1, None, {}, "primary"))
    body = render(words, theirs, replace(ACKNOWLEDGED, updates=updates))
    assert description_of(body).splitlines()[0] == says


def test_a_role_does_not_make_a_page_its_holders() -> None:
    """A commander who does not have the incident reads who has it."""
    led = replace(ACKNOWLEDGED, roles={Role.COMMANDER: PersonRef(102, "secondary")})
    asked = delivery(DeliveryKind.PAGE, to="person:secondary")
    theirs = replace(asked, request=Request(Action.MESSAGE, 1, None, {}, "secondary"))
    assert description_of(render(JA, theirs, led)).splitlines()[0] == "今やることはありません。"


#: After the deadline, as it is read when its step was taken.
MISSED = replace(
    PLACED,
    calls=Calls(
        steps=(
            CallStep(due_at=TRIGGERED.ack_due_at, taken_at=TRIGGERED.ack_due_at, mention="here"),
            CallStep(due_at=AT + timedelta(minutes=30), mention="here", dm=("primary", "secondary")),
        )
    ),
)


def test_escalation_says_who_was_told_and_who_is_next() -> None:
    """Since when nobody is on it; how bad it is; whom a DM has reached, whom none has, and who comes next."""
    for kind in IncidentKind:
        asked = delivery(DeliveryKind.ESCALATION, data=FIRST_ESCALATION)
        missed = replace(MISSED, kind=kind)
        body = render(JA, asked, missed)
        assert body["content"] == "@here ⏫ SEV1 · 決済 API が 5xx · **14:07 から未対応** · 次の通知 14:37"
        assert body["allowed_mentions"] == {"parse": ["everyone"]}
        assert description_of(body).splitlines() == [
            "影響：エラー率上昇 · 本番影響あり → 影響大",
            "@primary：DM 1 回、今 DM",
            "@secondary：⚠️ DM 届かず、今 DM",
            "誰も取らないと：14:37 JST @here + @primary、@secondary に通知",
            f"-# api.parky.co.jp · 開始 11/24 14:05 JST · {missed.label}",
        ]
        assert presses_of(body) == [
            "inc:v1:ack:42",
            "inc:v1:decline:42",
            "https://discord.com/channels/7/900",
            "inc:v1:why:42",
        ]


@pytest.mark.parametrize(
    ("words", "times", "says"),
    [
        (JA, 1, "14:07 JST のエスカレーションは予定どおりに送れなかったため、この 1 通にまとめました。"),
        (JA, 2, "14:07 JST から 14:22 JST までのエスカレーション 2 回分は予定どおりに送れなかったため、"),
        (EN, 1, "The earlier escalation, due at 14:07 JST, was not sent on time; this one covers it too."),
        (EN, 2, "2 earlier escalations, due from 14:07 JST to 14:22 JST, were not sent on time;"),
    ],
)
def test_escalation_names_what_it_stands_in_for(words: Wording, times: int, says: str) -> None:
    """The bot was away over several deadlines: one message for all of them, which says so once."""
    overdue = [(AT + timedelta(minutes=minutes)).isoformat() for minutes in (0, 15)][:times]
    asked = delivery(DeliveryKind.ESCALATION, data={**FIRST_ESCALATION, "overdue": overdue})
    assert description_of(render(words, asked, PLACED)).count(says) == 1


def test_escalation_reads_well_for_one_person_and_for_several() -> None:
    """One line each, in English as well."""
    asked = delivery(
        DeliveryKind.ESCALATION, data={**FIRST_ESCALATION, "told": {"primary": 2}, "unreached": []}
    )
    said = description_of(render(EN, asked, PLACED)).splitlines()
    assert said[1:3] == ["@primary: 2 DMs, DM now", "@secondary: DM now"]


def test_escalation_without_mention_is_quiet() -> None:
    """The escalation of a step that has no mention pings nobody."""
    body = escalation(mention="none")
    assert str(body["content"]).startswith("⏫ ")
    assert body["allowed_mentions"] == {"parse": []}


def test_escalation_before_the_deadline_claims_no_missed_one() -> None:
    """An escalation that comes before the deadline to acknowledge does not say that it was missed."""
    assert "期限切れ" not in description_of(escalation(waited_s=60.0))


def test_last_escalation_says_that_nobody_is_left() -> None:
    """The last escalation says that no one else will be notified."""
    assert "誰も取らないと：この先は誰にも通知しません" in description_of(escalation(next=None))


def test_next_step_may_be_the_channel_alone() -> None:
    """If the next step calls no person, an escalation says that this channel will be notified again."""
    following = {"dm": [], "mention": "none", "due_at": AT.isoformat()}
    assert "誰も取らないと：14:07 JST このチャンネルに再通知" in description_of(escalation(next=following))


def test_escalation_counts_dms_and_claims_none_that_did_not_arrive() -> None:
    """An escalation counts the DMs that a person got, and claims none if none arrived."""
    assert "@primary：DM 3 回" in description_of(escalation(told={"primary": 3}))
    assert "回" not in description_of(escalation(told={}))


def test_notice_of_a_decline() -> None:
    """The thread says who cannot, and who was told instead."""
    told = {"notice": "declined", "by": "primary", "to": "secondary"}
    said = str(render(JA, delivery(DeliveryKind.NOTICE, data=told), TRIGGERED)["content"])
    assert said == "🙅 @primary は今は対応できません。@secondary に通知しました。"
    nobody = render(JA, delivery(DeliveryKind.NOTICE, data={**told, "to": None}), TRIGGERED)
    assert "チャンネルで呼びかけました" in str(nobody["content"])


@pytest.mark.parametrize(
    ("incident", "says"),
    [
        (ACKNOWLEDGED, "🟠 SEV1 · 決済 API が 5xx · **@primary が対応中 (14:09 から)**"),
        (RESOLVED, "🟢 SEV1 · 決済 API が 5xx · **@primary が解決 (14:52)**"),
    ],
)
def test_escalation_calms_down(incident: Incident, says: str) -> None:
    """After an acknowledge or a resolve the escalation is edited: it shows the state and no button to ack."""
    body = render(JA, delivery(DeliveryKind.ESCALATION, data=FIRST_ESCALATION), incident)
    assert body["content"] == says
    assert presses_of(body) == ["https://discord.com/channels/7/900", "inc:v1:why:42"]


def test_replay_shows_the_message_and_says_what_it_is() -> None:
    """A replay shows the message with its embeds, and pings no one."""
    data = {
        "body": {
            "content": "@here down",
            "embeds": [{"title": "t"}, "odd"],
            "allowed_mentions": {"parse": []},
        },
        "entry": "00000000-0000-4000-8000-00002f3c4d5e",
        "by": "primary",
        "meant_at": "2026-11-24T05:05:00+00:00",
    }
    body = render(JA, delivery(DlqDeliveryKind.REPLAY, data=data), None)
    assert str(body["content"]).splitlines() == [
        "-# ↻ 11/24 14:05 JST の通知の再送です · primary · DLQ 3c4d5e",
        "@here down",
    ]
    before = render(JA, delivery(DlqDeliveryKind.REPLAY, data={**data, "meant_at": None}), None)
    assert str(before["content"]).startswith("-# ↻ 届かなかった通知の再送です · primary · 11/24 14:07 JST")
    assert body["embeds"] == [{"title": "t"}]
    assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("stored", [None, {}, {"embeds": {}}, {"content": "x" * 3_000}])
def test_replay_of_an_odd_payload_still_fits(stored: object) -> None:
    """The line that says what it is always has room."""
    body = render(JA, delivery(DlqDeliveryKind.REPLAY, data={"body": stored}), None)
    assert len(str(body["content"])) <= 2_000
    assert "-# ↻" in str(body["content"])


def test_a_subject_that_does_not_fit_is_a_bug() -> None:
    """Rendering an alert without an incident, or a digest with one, raises an error; no text is made up."""
    with pytest.raises(TypeError):
        render(JA, delivery(DeliveryKind.ALERT), None)
    with pytest.raises(TypeError):
        render(JA, delivery(DigestDelivery.POST), replace(PLACED))


@pytest.mark.parametrize("kind", [DeliveryKind.ESCALATION, DeliveryKind.ROLE_DM])
def test_what_has_no_thread_leads_to_the_alert(kind: AnyDeliveryKind) -> None:
    """An escalation and a role's DM have a link to the thread, or to the alert if there is no thread.

    The label of the link says which; a tracked alert has no thread.
    """
    data = {**FIRST_ESCALATION, "role": "commander", "by": "primary"}
    tracked = replace(PLACED, kind=IncidentKind.ALERT, thread=replace(PLACED.thread, id=None))
    for incident, label in ((PLACED, "スレッドへ"), (tracked, "アラートを開く")):
        assert label in labels_of(render(JA, delivery(kind, to="user:1", data=data), incident))

"""[なぜ私に?]: one fact a line, in the language of the person who asks."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.ladder import Why, WhyKind
from bot.domain.escalation.why_me import CallAnswer, CalledPerson, CallRule, Reminded, Uncalled, WhyMe
from bot.domain.incident.incident import Incident
from bot.domain.incident.ownership import OwnerWhy, Spell
from bot.domain.incident.parts import CallPage
from bot.domain.oncall.people import Duty, DutyKind
from bot.ui.posts.renderer import render
from bot.ui.screens.why_me import why_said
from bot.ui.words.wording import Voice
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    FIRST_ESCALATION,
    JA,
    PLACED,
    POLICY,
    RESOLVED,
    TEXTS,
    buttons_of,
    delivery,
)

VOICES = {locale: Voice.of(TEXTS, POLICY, locale=locale) for locale in ("ja", "en-US")}
DUE = PLACED.ack_due_at
SECOND = timedelta(seconds=1)
WEEK = timedelta(days=7)
TURN = Duty(kind=DutyKind.LAYER, who="suzuki", since=AT - WEEK, until=AT + WEEK, layer=1, applies="always")


def sent(who: str, *times: datetime) -> tuple[CallPage, ...]:
    """DMs that arrived then."""
    return tuple(CallPage(who=who, asked_at=AT, sent_at=at) for at in times)


OWN = CalledPerson("@suzuki", "secondary", TURN, is_recorded=True, pages=sent("@suzuki", DUE + SECOND))
SATO = CalledPerson("@sato", "primary", None, is_recorded=False, pages=sent("@sato", AT))
STEP = CallRule("SEV1", DUE, number=2, after=timedelta(minutes=15), due_at=DUE)
ASKED = WhyMe(PLACED, STEP, own=OWN, tried=(SATO,))


def said(why: WhyMe, locale: str = "ja") -> list[str]:
    """The answer's lines below its title."""
    return why_said(VOICES[locale], why).splitlines()[1:]


def test_the_whole_answer_in_japanese() -> None:
    """The rule, the schedule, the DM, who was tried."""
    assert why_said(VOICES["ja"], ASKED).splitlines() == [
        "**なぜ私に？ · INC-42 決済 API が 5xx**",
        "**規則：SEV1 · 2 段目 (開始から 15 分, 14:22 JST)**",
        "設定ファイル：`[[severity.SEV1.ladder]]` の 2 番目",
        (
            "当番表：secondary · ローテーション (11/17 14:07 JST から 12/01 14:07 JST まで, "
            "設定ファイルの `[[oncall.secondary.layer]]` 1 番目)"
        ),
        "あなたへの DM：14:22:01 送信",
        "先に試した人：@sato (DM 14:07、応答なし)",
    ]


def test_the_whole_answer_in_english() -> None:
    """The same facts in the same order."""
    assert why_said(VOICES["en-US"], ASKED).splitlines() == [
        "**Why me? · INC-42 決済 API が 5xx**",
        "**Rule: SEV1 · step 2 (15 min after the start, 14:22 JST)**",
        "Policy file: entry 2 of `[[severity.SEV1.ladder]]`",
        (
            "On call: secondary · rotation (11/17 14:07 JST to 12/01 14:07 JST, "
            "entry 1 of `[[oncall.secondary.layer]]` in the policy file)"
        ),
        "DMs to you: sent 14:22:01",
        "Tried before: @sato (DM 14:07, no answer)",
    ]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            CallRule("SEV1", AT, number=1, after=timedelta(), due_at=AT),
            "SEV1 · 1 段目 (発報と同時, 14:07 JST)",
        ),
        (replace(STEP, repeats=True), "SEV1 · 2 段目の繰り返し (開始から 15 分, 14:22 JST)"),
        (
            CallRule("SEV1", AT, declined_by="佐藤"),
            "SEV1 · @佐藤 が対応できないため、次の当番に回しました (14:07:00)",
        ),
        (
            CallRule("SEV1", AT, why=Why(kind=WhyKind.UNREACHED, who="@sato")),
            "SEV1 · @sato に DM が届かないため、すぐにほかの人を呼び出しました (14:07:00)",
        ),
        (
            CallRule("SEV1", AT, why=Why(kind=WhyKind.LAPSED, who="佐藤")),
            "SEV1 · @佐藤 の ack が応答なしで失効したため、呼び出しを再開しました (14:07:00)",
        ),
        (CallRule("SEV2", AT), "SEV2 · 14:07:00 に呼び出しました"),
    ],
)
def test_the_rule_says_what_brought_it_on(rule: CallRule, says: str) -> None:
    """A step of the ladder, or a person who cannot respond."""
    lines = said(replace(ASKED, rule=rule))
    assert lines[0] == f"**規則：{says}**"
    assert any("ladder" in line for line in lines) is (rule.number is not None)


@pytest.mark.parametrize("kind", list(WhyKind))
@pytest.mark.parametrize("locale", ["ja", "en-US"])
def test_every_reason_has_words(kind: WhyKind, locale: str) -> None:
    """Every reason of a call has words that name the person behind it, in both languages."""
    rule = CallRule("SEV1", AT, why=Why(kind=kind, who="@sato"))
    assert "@sato" in said(replace(ASKED, rule=rule), locale)[0]


@pytest.mark.parametrize(
    ("duty", "says"),
    [
        (
            Duty(
                kind=DutyKind.OVERRIDE, who="suzuki", since=AT, until=AT + WEEK, by="伊藤", instead_of="sato"
            ),
            "@sato の代理 (11/24 14:07 JST から 12/01 14:07 JST まで, @伊藤 が登録)",
        ),
        (
            Duty(kind=DutyKind.OVERRIDE, who="suzuki", since=AT, until=AT + WEEK, by="伊藤"),
            "代理の登録 (11/24 14:07 JST から 12/01 14:07 JST まで, @伊藤 が登録)",
        ),
        (
            Duty(kind=DutyKind.PERSON, who="suzuki", since=AT, by="伊藤"),
            "11/24 14:07 JST から終了日なし (@伊藤 が設定)",
        ),
        (Duty(kind=DutyKind.ALWAYS, who="suzuki"), "いつも (設定ファイルの `oncall.secondary`)"),
        (None, "理由は記録されていません"),
    ],
)
def test_the_schedule_says_what_puts_them_there(duty: Duty | None, says: str) -> None:
    """The explanation says why a person is on call: recorded by whom, since when and until when.

    It also names the policy file as the reason, or says that none was recorded.
    """
    lines = said(replace(ASKED, own=replace(OWN, duty=duty)))
    assert lines[2] == f"当番表：secondary · {says}"


@pytest.mark.parametrize("kind", list(DutyKind))
@pytest.mark.parametrize("locale", ["ja", "en-US"])
def test_every_source_has_words(kind: DutyKind, locale: str) -> None:
    """Every source of a duty is explained in words, without a placeholder or a gap, in both languages."""
    duty = Duty(kind=kind, who="suzuki", since=AT, until=AT + WEEK, by="ito", instead_of="sato", layer=2)
    line = said(replace(ASKED, own=replace(OWN, duty=duty)), locale)[2]
    assert "?" not in line
    assert "{" not in line


def test_a_layer_of_certain_hours_and_a_computed_reason_say_so() -> None:
    """The answer to なぜ私に？ says if a rotation's layer is only for certain hours.

    The answer also says if the reason was computed because there is no record.
    """
    night = replace(OWN, duty=replace(TURN, applies="off_hours"), is_recorded=False)
    line = said(replace(ASKED, own=night))[2]
    assert line.endswith("番目) · 営業時間外のみ · 記録がないため、今の設定ファイルと当番表の履歴から計算")


def test_each_dm_says_whether_it_arrived() -> None:
    """A refused one, one beside an email, and one that is on its way."""
    pages = (
        CallPage(who="@suzuki", asked_at=AT, is_refused=True, is_emailed=True),
        CallPage(who="@suzuki", asked_at=DUE, sent_at=DUE + timedelta(days=1)),
        CallPage(who="@suzuki", asked_at=DUE),
    )
    line = said(replace(ASKED, own=replace(OWN, pages=pages)))[3]
    assert line == "あなたへの DM：14:07:00 届かず + メール、11/25 14:22:00 JST 送信、送信中"


def test_the_others_say_why_it_was_not_them() -> None:
    """[なぜ私に?] lists the other people: tried before, called beside, called later, or not called at all.

    A line also says if its person has left the server or has declined.
    """
    gone = replace(SATO, pages=(CallPage(who="@sato", asked_at=AT, is_refused=True),), is_gone=True)
    busy = replace(SATO, answer=CallAnswer.DECLINED, answered_at=AT + timedelta(minutes=3))
    beside = CalledPerson("@ito", "third", None, is_recorded=False, pages=sent("@ito", DUE))
    others = (
        Uncalled("@abe", "fourth", at=DUE + timedelta(minutes=15)),
        Uncalled("@ueda", "fifth"),
        Uncalled("@endo", "sixth", has_declined=True, at=AT),
    )
    lines = said(replace(ASKED, tried=(gone, busy), beside=(beside,), uncalled=others))[4:]
    assert lines == [
        "先に試した人：@sato (サーバーにいない)",
        "先に試した人：@sato (DM 14:07、14:10 対応できない)",
        "同時に呼び出した人：@ito (third, DM 14:22)",
        "ほかの当番：@abe (fourth, 呼び出しは 14:37 JST の段から)",
        "ほかの当番：@ueda (fifth, この先の段でも呼び出しなし)",
        "ほかの当番：@endo (sixth, 14:07 JST に対応できないと回答)",
    ]


def test_a_team_of_one_is_told_that_there_is_nobody_else() -> None:
    """The explanation says so if no one else was tried or is on call."""
    assert said(replace(ASKED, tried=()))[4:] == ["先に試した人：なし", "ほかの当番：いません"]


def test_who_was_not_called_is_told_who_was_and_why() -> None:
    """Whoever was not called and asks why learns who was called, from which schedule and with what answer.

    If nobody was called, they learn that.
    """
    taken = replace(OWN, answer=CallAnswer.ACKNOWLEDGED, answered_at=DUE + timedelta(minutes=3))
    lines = said(WhyMe(PLACED, STEP, tried=(SATO,), beside=(taken,)))
    assert lines[0] == "**あなたは呼び出されていません。**"
    assert lines[3:5] == [
        "呼び出した人：@suzuki (DM 14:22、14:25 ack)",
        (
            "└ secondary · ローテーション (11/17 14:07 JST から 12/01 14:07 JST まで, "
            "設定ファイルの `[[oncall.secondary.layer]]` 1 番目)"
        ),
    ]
    assert said(WhyMe(PLACED)) == [
        "**あなたは呼び出されていません。**",
        "この件では、まだ誰も呼び出されていません。",
    ]


def had(why: OwnerWhy) -> Spell:
    """Return how 佐藤 had the incident from 14:07 on."""
    return Spell("佐藤", AT, None, why)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (Reminded(DUE, "佐藤", had(OwnerWhy.ACKED), is_to_reader=True), "宛先：あなた (14:07 JST に ack)"),
        (
            Reminded(DUE, "佐藤", had(OwnerWhy.ACKED), is_to_reader=False),
            "宛先：@佐藤 (14:07 JST に ack)。あなたではありません。",
        ),
        (
            Reminded(DUE, "佐藤", had(OwnerWhy.HANDED), is_to_reader=True),
            "宛先：あなた (14:07 JST に引き継ぎ)",
        ),
        (
            Reminded(DUE, "佐藤", had(OwnerWhy.COMMAND), is_to_reader=True),
            "宛先：あなた (14:07 JST に指揮を取って対応)",
        ),
        (
            Reminded(DUE, "佐藤", had(OwnerWhy.REOPENED), is_to_reader=True),
            "宛先：あなた (14:07 JST に再開)",
        ),
        (Reminded(DUE, "佐藤", None, is_to_reader=True), "宛先：あなた (このインシデントを指揮)"),
        (Reminded(DUE, None, None, is_to_reader=False), "宛先：なし。いま対応している人がいません。"),
    ],
)
def test_a_reminder_says_whom_it_asks_and_why(told: Reminded, says: str) -> None:
    """The explanation of a reminder names the responder or commander whom it asks, or no one."""
    assert said(WhyMe(PLACED, reminded=told)) == [
        "**規則：状況報告の期限 14:22 JST を過ぎたので、いま対応している人に催促しました**",
        "設定ファイル：`severity.SEV1.update_every`、または前回の更新で決めた時刻",
        says,
    ]


@pytest.mark.parametrize("is_to_reader", [True, False])
@pytest.mark.parametrize("locale", ["ja", "en-US"])
def test_a_reminder_to_the_person_on_call_says_what_put_them_there(
    locale: str, *, is_to_reader: bool
) -> None:
    """The explanation of a reminder to the person on call gives their place, and since when it is theirs."""
    told = Reminded(DUE, None, None, is_to_reader, replace(OWN, is_recorded=False))
    *_, whom, duty = said(WhyMe(PLACED, reminded=told), locale)
    assert ("@suzuki" in whom) is not is_to_reader
    assert "secondary" in whom
    assert "11/17 14:07 JST" in duty


def test_an_answer_about_many_people_fits_into_a_message() -> None:
    """The answer about 200 called people fits into Discord's 2,000 characters of a message."""
    many = tuple(replace(SATO, who=f"@person_{number}") for number in range(200))
    assert len(why_said(VOICES["ja"], replace(ASKED, tried=many))) <= 2_000


def test_a_ladder_that_repeats_for_days_leaves_room_for_the_others() -> None:
    """The first DM and the last ones, of the reader and of the others."""
    times = [DUE + timedelta(hours=number) for number in range(400)]
    own, sato = (replace(one, pages=sent(one.who, *times)) for one in (OWN, SATO))
    lines = said(replace(ASKED, own=own, tried=(sato,)))
    assert "あなたへの DM：14:22:00 送信、…、12/11 04:22:00 JST 送信、12/11 05:22:00 JST 送信" in lines
    assert "先に試した人：@sato (DM 14:22、…、12/11 04:22、12/11 05:22、応答なし)" in lines


def test_a_drill_is_marked_as_one() -> None:
    """The answer carries the mark of a drill."""
    assert "【訓練】" in why_said(VOICES["ja"], replace(ASKED, incident=replace(PLACED, is_drill=True)))


@pytest.mark.parametrize("incident", [PLACED, ACKNOWLEDGED, RESOLVED])
@pytest.mark.parametrize("kind", [DeliveryKind.PAGE, DeliveryKind.ESCALATION])
def test_the_button_is_there_before_and_after_the_ack_and_after_the_end(
    incident: Incident, kind: AnyDeliveryKind
) -> None:
    """Pages and escalations have the button なぜ私に？ before and after an acknowledge, and after the end.

    Each of these posts has at most five buttons.
    """
    body = render(JA, delivery(kind, to="person:primary", data=FIRST_ESCALATION), incident)
    buttons = buttons_of(body)
    assert [one["label"] for one in buttons if one.get("custom_id") == "inc:v1:why:42"] == ["なぜ私に？"]
    assert len(buttons) <= 5

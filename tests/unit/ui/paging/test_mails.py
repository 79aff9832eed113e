"""The email when Discord is away."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import ByPerson, EndedAck, Incident, StatusUpdate
from bot.domain.oncall.people import OnCallPerson
from bot.runbook import Policy, default_policy_text, parse_policy
from bot.services.ports import EmailRecipient
from bot.ui.posts.mails import PlainEmailWriter, PlainOutsideWriter
from bot.ui.words.wording import Voice
from tests.unit.ui.samples import ACKNOWLEDGED, AT, EN, PLACED, POLICY, TEXTS, TRIGGERED, delivery

TO = EmailRecipient(OnCallPerson("primary", "primary", "primary@example.com"), None, "d1nonce")
MAILS = PlainEmailWriter(TEXTS, POLICY)


def test_mail_says_what_it_is_and_what_to_do() -> None:
    """A page's mail says without Discord what happened, by when to acknowledge, and what to do."""
    mail = MAILS.write(delivery(DeliveryKind.PAGE), PLACED, TO)
    assert mail.to == ("primary@example.com",)
    assert mail.subject == "🔴 SEV1 · 決済 API が 5xx · 未対応 · ack 14:22 まで (INC-42)"
    for part in (
        "対象：api.parky.co.jp",
        "開始：2026-11-24 14:05:00 JST",
        "ack 期限：2026-11-24 14:22:00 JST",
        "症状：エラー率上昇",
        "INC-42 に 👀 を付ける (ack)。https://discord.com/channels/7/900",
        "   - ログ (wrangler tail) と Sentry を確認する",
        "届かなかったもの：DM",
    ):
        assert part in mail.body


def test_each_attempt_is_the_same_mail() -> None:
    """A mail server may have taken the first one."""
    first, second = (MAILS.write(delivery(DeliveryKind.ALERT), PLACED, TO) for _ in range(2))
    assert first == second
    assert first.message_id == f"<d1nonce.{TO.to.mailbox}@incident-bot.invalid>"


def test_no_title_breaks_the_head() -> None:
    """A line break in a subject would start a header of its own."""
    mail = MAILS.write(delivery(DeliveryKind.ALERT), replace(PLACED, title="a\r\nBcc: x@y\u202e"), TO)
    assert mail.subject == "🔴 SEV1 · a Bcc: x@y · 未対応 · ack 14:22 まで (INC-42)"
    assert (
        len(MAILS.write(delivery(DeliveryKind.ALERT), replace(PLACED, title="あ" * 999), TO).subject) <= 150
    )


def test_mail_of_a_bare_incident() -> None:
    """A mail can be written about an incident with no targets, no posts and a severity without a sheet."""
    bare = replace(TRIGGERED, targets=(), symptoms=("melted",), severity="SEV9")
    mail = MAILS.write(delivery(DeliveryKind.NOTICE), bare, TO)
    assert mail.body.startswith("🔴 SEV9 · 決済 API が 5xx · 未対応 · ack 14:22 まで\n")
    assert "症状：melted" in mail.body
    assert "初動" not in mail.body
    assert "届かなかったもの：通知" in mail.body


def test_mail_in_english() -> None:
    """A team whose language is English gets its fallback email in English."""
    mail = PlainEmailWriter(TEXTS, EN.policy).write(delivery(DeliveryKind.ESCALATION), PLACED, TO)
    assert "Ack due: 2026-11-24 14:22:00 JST" in mail.body
    assert "Not delivered: the escalation" in mail.body


def test_mail_is_in_the_language_of_the_incidents_team() -> None:
    """A team may have another language than the file; a person's own screens stay in theirs."""
    policy = parse_policy(default_policy_text() + '[teams.web]\nlanguage = "en"\n', name="x.toml")
    incident = replace(PLACED, team="web")
    mail = PlainEmailWriter(TEXTS, policy).write(delivery(DeliveryKind.ESCALATION), incident, TO)
    assert "Ack due: 2026-11-24 14:22:00 JST" in mail.body
    writer = PlainOutsideWriter(TEXTS, policy)
    page = writer.write(delivery(DeliveryKind.PAGE), incident, reference="r", ack_link=None)
    assert "対象" not in page.text
    voice = Voice.of(TEXTS, policy, locale="ja")
    assert voice.about(incident) is voice


def test_a_lock_screen_shows_the_facts_first() -> None:
    """An email's subject and text begin with severity, title, who has it and until when.

    The next line is the impact: a person's sentence as soon as there is one. No markup is shown.
    """
    mail = MAILS.write(delivery(DeliveryKind.ALERT), PLACED, TO)
    first = "🔴 SEV1 · 決済 API が 5xx · 未対応 · ack 14:22 まで"
    assert mail.subject.startswith(first)
    assert mail.body.startswith(f"{first}\n症状：エラー率上昇\n")
    told = StatusUpdate("rollback 中", "2 階でカード決済が_できません_", AT, "primary")
    known = replace(
        ACKNOWLEDGED,
        title="決済 *API* が 5xx",
        acknowledged=ByPerson(101, "pri_ma_ry", AT + timedelta(minutes=2)),
        updates=replace(PLACED.updates, last=told),
    )
    body = MAILS.write(delivery(DeliveryKind.ALERT), known, TO).body
    assert body.splitlines()[:2] == [
        "🟠 SEV1 · 決済 *API* が 5xx · @pri_ma_ry が対応中 (14:09 から)",
        "2 階でカード決済が_できません_",
    ]
    assert "症状" not in body


def test_mails_of_one_incident_are_one_conversation() -> None:
    """The alert's begins it, the others answer it; each recipient has their own."""
    begins = MAILS.write(delivery(DeliveryKind.ALERT), PLACED, TO)
    later = MAILS.write(replace(delivery(DeliveryKind.ESCALATION), nonce="d9"), PLACED, TO)
    assert begins.thread_id is None
    assert later.thread_id == begins.message_id
    other = replace(TO, to=replace(TO.to, email="secondary@example.com"))
    assert MAILS.write(delivery(DeliveryKind.ALERT), PLACED, other).message_id != begins.message_id


@pytest.mark.parametrize(
    ("data", "subject", "because"),
    [
        ({"waited_s": 900}, "⏫ SEV1 · 決済 API が 5xx · 15 分経っても", "ack がないまま 15 分たちました。"),
        (
            {"why": {"kind": "declined", "who": "@tertiary"}},
            "当番の全員が対応できません",
            "全員が対応できない",
        ),
        (
            {"why": {"kind": "unreached", "who": "@secondary"}},
            "@secondary に DM が届きません",
            "@secondary に DM が届きません",
        ),
        ({"why": {"kind": "released", "who": "花子"}}, "@花子 が手を離しました", "@花子 が手を離しました"),
        ({"why": {"kind": "lapsed", "who": "花子"}}, "@花子 の ack が失効", "@花子 の ack は失効しました"),
        ({"why": {"kind": "lapsed", "who": "primary"}}, "あなたの ack が失効", "あなたの ack は失効しました"),
        ({"declined_by": "secondary"}, "@secondary は対応できません", "@secondary が対応できない"),
    ],
)
def test_a_later_step_says_why(data: Mapping[str, object], subject: str, because: str) -> None:
    """The subject of a later step's mail says why it was sent, which tells the mail from the one before.

    The third line of the mail gives the reason in full.
    """
    mail = MAILS.write(delivery(DeliveryKind.ESCALATION, data={"waited_s": 720, **data}), PLACED, TO)
    assert subject in mail.subject
    assert mail.subject.endswith("(INC-42)")
    assert because in mail.body.splitlines()[2]


def test_the_first_mail_claims_no_wait() -> None:
    """The first mail, which comes with the alert, says nothing of a time without an acknowledge."""
    mail = MAILS.write(delivery(DeliveryKind.PAGE, data={"waited_s": 2}), PLACED, TO)
    assert mail.subject.startswith("🔴 SEV1 · 決済")
    assert not mail.body.splitlines()[2]


def test_a_step_of_a_drill_is_marked_first() -> None:
    """The subject of a drill's mail begins with the mark of a drill, before the sign of an escalation."""
    drill = replace(PLACED, is_drill=True)
    mail = MAILS.write(delivery(DeliveryKind.ESCALATION, data={"waited_s": 900}), drill, TO)
    assert mail.subject.startswith("【訓練】⏫ SEV1")


def test_a_link_stands_on_a_line_of_its_own() -> None:
    """An email has the link to acknowledge on a line of its own, and says as whom it acknowledges."""
    link = "https://bot.example.com/ack/token"
    mail = MAILS.write(delivery(DeliveryKind.ALERT), PLACED, replace(TO, link=link))
    assert f"   {link}\n" in mail.body
    assert "@primary として" in mail.body


LAPSED: Incident = replace(PLACED, ack_ended=EndedAck("primary", AT + timedelta(hours=1), lapsed=True))
AFTER_IT = delivery(DeliveryKind.ESCALATION, data={"waited_s": 4_500})


@pytest.mark.parametrize(
    ("policy", "subject", "because"),
    [
        (
            POLICY,
            "15:07 JST から誰も対応していません (15 分)",
            "15:07 JST から誰も対応していません (15 分)。",
        ),
        (
            EN.policy,
            "nobody on it since 15:07 JST (15 min)",
            "Nobody has been on it since 15:07 JST (15 min).",
        ),
    ],
)
def test_after_a_lapse_a_mail_says_since_when_nobody_is_on_it(
    policy: Policy, subject: str, because: str
) -> None:
    """A mail and a push count from the end of the acknowledge, not from the alert."""
    mail = PlainEmailWriter(TEXTS, policy).write(AFTER_IT, LAPSED, TO)
    assert subject in mail.subject
    assert because in mail.body
    pushed = PlainOutsideWriter(TEXTS, policy).write(AFTER_IT, LAPSED, reference="r", ack_link=None)
    assert subject in pushed.text

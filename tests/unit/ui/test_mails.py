"""The email when Discord is away."""

from dataclasses import replace

from bot.domain.delivery import DeliveryKind
from bot.ui.posts.mails import Mails
from tests.unit.ui.samples import EN, PLACED, POLICY, TEXTS, TRIGGERED, delivery

TO = ("primary@example.com",)
MAILS = Mails(TEXTS, POLICY)


def test_mail_says_what_it_is_and_what_to_do() -> None:
    """Readable where no Discord is."""
    mail = MAILS.write(delivery(DeliveryKind.PAGE), PLACED, to=TO)
    assert mail.to == TO
    assert mail.subject == "[SEV1] INC-42 決済 API が 5xx"
    for part in (
        "開始      2026-11-24 14:05:00 JST",
        "ack 期限  2026-11-24 14:22:00 JST",
        "対象      api.parky.co.jp",
        "症状      エラー率上昇",
        "INC-42 に 👀 を付ける (ack)。https://discord.com/channels/7/900",
        "   - ログ (wrangler tail) と Sentry を確認する",
        "届かなかったもの: DM",
    ):
        assert part in mail.body


def test_each_attempt_is_the_same_mail() -> None:
    """A mail server may have taken the first one."""
    first, second = (MAILS.write(delivery(DeliveryKind.ALERT), PLACED, to=TO) for _ in range(2))
    assert first == second
    assert first.message_id == "<d1nonce@incident-bot.invalid>"


def test_no_title_breaks_the_head() -> None:
    """A line break in a subject would start a header of its own."""
    mail = MAILS.write(delivery(DeliveryKind.ALERT), replace(PLACED, title="a\r\nBcc: x@y\u202e"), to=TO)
    assert mail.subject == "[SEV1] INC-42 a Bcc: x@y"
    assert (
        len(MAILS.write(delivery(DeliveryKind.ALERT), replace(PLACED, title="あ" * 999), to=TO).subject)
        <= 150
    )


def test_mail_of_a_bare_incident() -> None:
    """Nothing filled in, nowhere posted, a severity without a sheet."""
    bare = replace(TRIGGERED, targets=(), symptoms=("melted",), severity="SEV9")
    mail = MAILS.write(delivery(DeliveryKind.NOTICE), bare, to=TO)
    assert "対象      未記入" in mail.body
    assert "症状      melted" in mail.body
    assert "初動" not in mail.body
    assert "届かなかったもの: 通知" in mail.body


def test_mail_in_english() -> None:
    """The team's language."""
    mail = Mails(TEXTS, EN.policy).write(delivery(DeliveryKind.ESCALATION), PLACED, to=TO)
    assert "Ack due   2026-11-24 14:22:00 JST" in mail.body
    assert "Not delivered: the escalation" in mail.body

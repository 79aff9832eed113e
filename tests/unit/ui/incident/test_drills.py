"""Drills as people read them: marked wherever they show."""

from dataclasses import replace

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.oncall.people import OnCallPerson
from bot.services.ports import EmailRecipient
from bot.ui.posts.incident.private import left_thread_name, private_thread_name, redacted
from bot.ui.posts.incident.thread import thread_name
from bot.ui.posts.mails import PlainEmailWriter
from bot.ui.posts.renderer import left_name, render
from bot.ui.screens import incident_answers as answers
from bot.ui.words.wording import Voice, Wording
from tests.unit.ui import screens
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    CANCELLED,
    EN,
    FIRST_ESCALATION,
    JA,
    PLACED,
    POLICY,
    RESOLVED,
    TEXTS,
    delivery,
    over_limits,
    presses_of,
)

PLAYED = replace(PLACED, is_drill=True, rings=False)
MARKS = {"ja": "【訓練】", "en": "[DRILL] "}


@pytest.mark.parametrize("words", [JA, EN])
@pytest.mark.parametrize(
    "state", [PLAYED, replace(ACKNOWLEDGED, is_drill=True), replace(RESOLVED, is_drill=True)]
)
def test_every_post_begins_with_the_mark(words: Wording, state: object) -> None:
    """Each post of a silent drill begins with the drill's mark and pings no one."""
    mark = MARKS[words.policy.language]
    for kind in (
        DeliveryKind.ALERT,
        DeliveryKind.THREAD_ROOT,
        DeliveryKind.THREAD_CARD,
        DeliveryKind.PAGE,
        DeliveryKind.ESCALATION,
    ):
        data = FIRST_ESCALATION if kind is DeliveryKind.ESCALATION else None
        body = render(words, delivery(kind, data=data), state)
        assert str(body["content"]).startswith(mark), kind
        assert str(body["content"]).count(mark.strip()) == 1
        assert body["allowed_mentions"] == {"parse": []}
        assert over_limits(body) == []
    for name in (thread_name(words, state), left_name(words, state)):  # type: ignore[arg-type]
        assert name.startswith(mark)


@pytest.mark.parametrize("words", [JA, EN])
def test_every_line_in_the_thread_is_marked(words: Wording) -> None:
    """What people write; a long line still fits."""
    mark = MARKS[words.policy.language]
    for data in (
        {"notice": "note", "by": "a", "text": "@everyone *503*"},
        {"notice": "note", "by": "a", "text": "x" * 1_990},
    ):
        body = render(words, delivery(DeliveryKind.NOTICE, data=data), PLAYED)
        assert str(body["content"]).startswith(mark)
        assert len(str(body["content"])) <= 2_000
        assert "@everyone" not in str(body["content"])
    real = render(
        words, delivery(DeliveryKind.NOTICE, data={"notice": "note", "by": "a", "text": "x"}), PLACED
    )
    assert not str(real["content"]).startswith(mark)


def test_the_email_is_marked() -> None:
    """The email about a drill is marked as a drill in its subject and at the beginning of its text."""
    letter = EmailRecipient(OnCallPerson("primary", "primary", "a@example.com"), None, "n")
    mail = PlainEmailWriter(TEXTS, POLICY).write(delivery(DeliveryKind.ALERT), PLAYED, letter)
    assert mail.subject.startswith("【訓練】🔘 SEV1")
    assert mail.body.startswith("【訓練】🔘 SEV1")


def test_one_that_rings_carries_here_and_the_mark() -> None:
    """The alert of a drill that was asked to ring pings @here as in earnest, and carries the drill's mark."""
    body = render(JA, delivery(DeliveryKind.ALERT), replace(PLAYED, rings=True))
    assert str(body["content"]).startswith("@here 【訓練】🔘 SEV1")
    assert body["allowed_mentions"] == {"parse": ["everyone"]}


@pytest.mark.parametrize("words", [JA, EN])
def test_one_that_was_stopped_reads_as_over_and_not_as_a_false_alarm(words: Wording) -> None:
    """A stopped drill reads as over, not as a false alarm, in its posts, its thread's name and its screens.

    A resolved drill reads as resolved.
    """
    over = replace(CANCELLED, is_drill=True)
    said = {"ja": "**訓練終了 (14:52)**", "en": "**drill over at 14:52**"}[words.policy.language]
    alert, card = (
        render(words, delivery(kind), over) for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_CARD)
    )
    assert str(alert["content"]).endswith(said)
    assert str(card["content"]).endswith(said)
    assert "🏁" in thread_name(words, over)
    told = screens.words(answers.ended_screen(screens.JA, over))
    assert "訓練を終えました" in told
    for text in (str(alert), told, words.state(over)):
        assert not any(word in text for word in ("誤報", "取消", "取り消し", "false alarm", "ancelled"))
    assert "解決" in JA.state(replace(RESOLVED, is_drill=True))


@pytest.mark.parametrize("voice", screens.VOICES)
def test_nothing_offers_to_open_a_drill_again(voice: Voice) -> None:
    """Neither the post nor the answer about an ended drill offers to open the drill again.

    Those about a real incident do.
    """
    over = replace(RESOLVED, is_drill=True)
    for incident, offers in ((over, False), (RESOLVED, True)):
        presses = {
            *presses_of(render(JA, delivery(DeliveryKind.ALERT), incident)),
            *screens.presses(answers.ended_screen(voice, incident)),
        }
        assert any("reopen" in press for press in presses) is offers


@pytest.mark.parametrize("words", [JA, EN])
def test_a_private_one_is_marked_too_and_has_one_lock(words: Wording) -> None:
    """The names of both its threads, what is left of its posts, and the lines in its thread."""
    private = replace(PLAYED, is_private=True)
    told = render(words, delivery(DeliveryKind.NOTICE, data={"notice": "made_private", "by": "x"}), private)
    shown = [
        private_thread_name(words, private),
        left_thread_name(words, private),
        str(redacted(words, private)["content"]),
        str(told["content"]),
    ]
    for line in shown:
        assert line.startswith(f"{MARKS[words.policy.language]}🔒 "), line
        assert line.count("🔒") == 1, line

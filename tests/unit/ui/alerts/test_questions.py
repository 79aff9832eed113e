"""Test the question below a message that the bot does not understand."""

from dataclasses import replace

from bot.domain.alerts.payloads import HookUnreadData
from bot.domain.alerts.question import AlertAnswer, AlertQuestion, QuestionView
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.triage.evidence import Evidence
from bot.ui.posts.questions import question_post, unread
from tests.unit.ui.samples import AT, EN, JA, TRIGGERED, delivery, labels_of

EVIDENCE = Evidence(
    text="odd", author_id=77, author_name="Parky API", url="https://discord.com/channels/1/2/3", at=AT
)
TRACKED = AlertQuestion(
    1,
    2,
    3,
    "77:Parky API",
    "f",
    "SEV2",
    "odd",
    None,
    EVIDENCE,
    AlertAnswer.TRACKED,
    answered_by_name="responder",
)
SHOWN = replace(TRIGGERED, post=replace(TRIGGERED.post, channel_id=2, message_id=4))


def test_what_is_tracked_leads_to_its_post() -> None:
    """A question whose message is tracked has a button to the incident, and says who answered it."""
    body = question_post(EN, QuestionView(TRACKED, SHOWN))
    assert body["content"] == "🔴 Tracked as INC-42 · @responder"
    assert labels_of(body) != []


def test_what_is_private_by_now_leads_nowhere() -> None:
    """A question whose incident has become private shows its number alone, without a button to its post."""
    body = question_post(JA, QuestionView(TRACKED, replace(SHOWN, is_private=True)))
    assert (body["content"], body["components"]) == ("🔒 INC-42 · 非公開", [])


def test_what_could_not_be_read_is_told_with_its_reason_and_what_to_do() -> None:
    """The note on a source that cannot be read names it, why, where they are listed and what to check."""
    data = HookUnreadData(label="My *cron*", source="my-cron", problem="the body is not JSON")
    note = delivery(DeliveryKind.HOOK_UNREAD, data=data.to_json())
    for words, says in ((EN, "cannot be read"), (JA, "読み取れず")):
        said = str(unread(words, note)["content"])
        for part in (says, r"My \*cron\*", "the body is not JSON", "`/alerts recent`", "`[hooks.my-cron]`"):
            assert part in said

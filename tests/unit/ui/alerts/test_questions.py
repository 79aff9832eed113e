"""Test the question below a message that the bot does not understand."""

from dataclasses import replace

from bot.domain.alerts.questions import AlertAnswer, AlertQuestion, AlertQuestionData, QuestionView
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.triage.session import Evidence
from bot.ui.posts.alerts import question_post
from bot.ui.posts.renderer import render
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


def test_the_dm_says_what_stands_there_and_until_when() -> None:
    """The DM quotes the message without markup, leads to it, names the deadline and has the three answers."""
    data = AlertQuestionData(
        answers=3,
        sender="Parky API",
        title="odd",
        severity="SEV1",
        tracks_at=AT,
        said="odd **thing** @everyone\n\nsecond line",
        url=EVIDENCE.url,
    )
    body = render(EN, delivery(DeliveryKind.ALERT_QUESTION_DM, data=data.to_json()), None)
    first, second, *quoted, url = str(body["content"]).splitlines()
    assert first == "❔ Is this an alert? odd (Parky API)"
    assert second.endswith("it becomes a SEV1 alert.")
    assert [line[:2] for line in quoted] == ["> "] * 2
    assert "**thing**" not in quoted[0]
    assert url == EVIDENCE.url
    assert labels_of(body) == ["Alert", "Recovery", "Not an alert"]
    line = render(EN, delivery(DeliveryKind.ALERT_QUESTION, data=data.to_json()), None)
    assert "If nobody presses by" in str(line["content"])
    assert "@here" not in str(line["content"])


def test_an_answer_is_shown_and_may_be_corrected() -> None:
    """A question that was answered names the answer and its author, and can still become an alert."""
    said = {AlertAnswer.RESOLVED: "🟢 A recovery: odd", AlertAnswer.CHATTER: "⚪ Not an alert: odd"}
    for answer, words in said.items():
        body = question_post(EN, QuestionView(replace(TRACKED, answer=answer), None))
        assert body["content"] == f"{words} (Parky API) · @responder"
        assert labels_of(body) == ["Alert"]
    unanswered = replace(TRACKED, answered_by_name=None)
    body = question_post(EN, QuestionView(unanswered, SHOWN))
    assert body["content"] == "🔴 Tracked as INC-42 · nobody answered in time"

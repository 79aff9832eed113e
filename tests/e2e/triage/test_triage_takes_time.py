"""A triage whose steps lie minutes and hours apart: people read, ask, and come back to the form."""

from datetime import datetime, timedelta, timezone
from typing import Final

import pytest

from bot.demo.triage_walk import CONFIRM, STARTED, TriageWalk
from local_discord.client import Interaction, Message
from tests.e2e.alerts.monitor import TITLE, Monitor
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import NO, REEVALUATE, SEV2, YES
from tests.e2e.world.world import World

JST = timezone(timedelta(hours=9))
MENU = "Triage this message"
ONCE = "SELECT kind, severity, started_at, triggered_at FROM incidents WHERE title = $1"

#: What stands in 開始時刻 when the form is sent: as it was filled, nothing, and "now".
STARTS: Final[dict[str, dict[str, str]]] = {
    TITLE: {},
    "検索が遅い": {STARTED: ""},
    "ログインできない": {STARTED: "たった今"},
}


@pytest.fixture
def world(reading: World) -> World:
    """A world whose bot may read other people's messages."""
    return reading


def started_in(form: Interaction) -> str:
    """Return the pre-filled text of 開始時刻."""
    assert form.modal is not None
    fields = {label["component"]["custom_id"]: label["component"] for label in form.modal["components"]}
    return str(fields[STARTED]["value"])


def minute_of(message: Message) -> datetime:
    """When a message was posted, to the minute that a form shows."""
    return datetime.fromisoformat(message.raw["timestamp"]).astimezone(JST).replace(second=0, microsecond=0)


async def answered(world: World, card: Message, *labels: str, minutes: float) -> Message:
    """One press after the other; before each the person thinks for *minutes*."""
    walk = TriageWalk(world.human, "responder", "p1-ops")
    for label in labels:
        await world.fast_forward(minutes=minutes)
        card = await walk.press(card, label)
    return card


async def begun(
    world: World, answer: Message, *, minutes: float, title: str = TITLE, **typed: str
) -> Message:
    """🔎 under the bot's answer and the form that it opens, with time before each; the card."""
    await world.fast_forward(minutes=minutes)
    opened = await world.click(answer, "トリアージ", by="responder")
    await world.fast_forward(minutes=minutes)
    sent = await world.human.submit("responder", opened, {"title": title, **typed})
    return sent.messages[-1]


async def raised(world: World, title: str = TITLE) -> Alert:
    """The post of the incident that the alert has become, with its thread."""
    post = await world.ledger.expect("p1-ops", title, where=lambda found: "ALERT-1" not in found.text)
    root = await world.ledger.expect("p0-alerts", title)
    await world.expect_thread(root.id)
    start = await world.ledger.expect(root.id, "開始時刻")
    return Alert(post, root, root.id, start, await world.ledger.expect(root.id, "SEV2"), {})


async def test_two_minutes_pass_before_each_step(world: World) -> None:
    """The alert becomes the incident, and its start is never after its report, whatever is typed."""
    for title, typed in STARTS.items():
        posted, answer = await Monitor(world).alert(title)
        await world.expect_dm("primary", contains=title)
        card = await begun(world, answer, minutes=2, title=title, **typed)
        card = await answered(world, card, YES, NO, CONFIRM, minutes=2)
        assert "発報しました" in card.text
        await raised(world, title)
        [row] = await world.rows(ONCE, title)
        assert (row["kind"], row["severity"]) == ("incident", SEV2.name)
        assert row["started_at"] <= row["triggered_at"]
        assert row["started_at"].astimezone(JST).replace(second=0, microsecond=0) == minute_of(posted)


async def test_an_unanswered_reevaluation_of_an_alert_is_raised(world: World) -> None:
    """いいえ, いいえ, 再評価 minutes apart: raised when its time is over, as the post has promised."""
    _, answer = await Monitor(world).alert()
    await world.expect_dm("primary", contains=TITLE)
    card = await begun(world, answer, minutes=2)
    await answered(world, card, *REEVALUATE, "再評価に回す", minutes=2)
    await world.expect_message("p1-ops", contains=f"🟡 再評価 · {TITLE}")
    await world.fast_forward(minutes=30)
    question = await world.expect_message("p1-ops", contains="もう一度見てください")
    assert "SEV2 として発報します" in question.text
    await world.fast_forward(minutes=15)
    alert = await raised(world)
    await world.expect_text(alert.post, "再評価に回答なし")
    [row] = await world.rows(ONCE, TITLE)
    assert (row["kind"], row["severity"]) == ("incident", SEV2.name)


async def test_a_message_of_yesterday_fills_the_form_with_its_time(world: World) -> None:
    """The form is filled with the date and time of yesterday's message."""
    said = await world.human.say("primary", "general", "決済が落ちてます")
    await world.fast_forward(hours=25)
    form = await world.human.context("responder", "general", MENU, said)
    assert started_in(form) == f"{minute_of(said):%Y-%m-%d %H:%M}"
    sent = await world.human.submit("responder", form, {"title": TITLE})
    walk = TriageWalk(world.human, "responder", "general")
    await walk.answer(sent.messages[-1], YES, NO, CONFIRM)
    await world.expect_alert(SEV2, TITLE)
    [row] = await world.rows(ONCE, TITLE)
    assert row["started_at"].astimezone(JST) == minute_of(said)

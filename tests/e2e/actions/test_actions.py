"""Action items: kept from a message, asked for as days pass, done, reopened when their alert fires again."""

from typing import Any, Final

import pytest

from cogs.actions.screens import DUE, OWNER, VERIFICATION, WHAT
from local_discord.client import Message
from tests.e2e.alerts.monitor import Monitor
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV3
from tests.e2e.world.world import World

TITLE: Final = "決済 API が 5xx"
LATENCY: Final = "API latency 812 ms"
DIGEST: Final = "p3-insights"
FILLED: Final[dict[str, Any]] = {
    OWNER: ["secondary"],
    DUE: "in 5 business days",
    VERIFICATION: "負荷試験で 5xx が 0.1% 未満のまま 30 分",
}


@pytest.fixture
def world(reading: World) -> World:
    """A world whose bot may read other people's messages, alerts among them."""
    return reading


async def resolved(world: World) -> Alert:
    """An incident that is over; its thread has all that it gets by itself."""
    alert = await world.declare(SEV3, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    asked = await world.click(alert, "解決", by="primary")
    await world.human.submit("primary", asked, {})
    await world.expect_message(alert.thread, contains="解決")
    await world.settle()
    return alert


async def until_due(world: World) -> None:
    """Let time pass until the item is to be looked at."""
    [row] = await world.rows("SELECT extract(epoch FROM next_at - now()) AS left_s FROM action_items")
    await world.fast_forward(minutes=float(row["left_s"]) / 60 + 1)
    await world.settle()


def pinged(message: Message) -> list[str]:
    """The people whom a message pings."""
    return [user["username"] for user in message.raw["mentions"]]


async def test_an_item_from_a_message_is_asked_for_until_it_is_done(world: World) -> None:
    """Two business days before, on the day, after a week by DM; then in the thread, which pings its owner.

    The bot dies on the way, and no reminder comes twice.
    """
    world.ledger.forgive(DIGEST)
    alert = await resolved(world)
    said = await world.human.say("responder", alert.thread, "リトライ上限を 3 回にしませんか")
    form = await world.human.context("responder", alert.thread, "Make an action item", said)
    assert form.modal is not None
    answer = await world.human.submit("responder", form, FILLED)
    assert "AI-1 を追加しました" in answer.text
    line = await world.expect_message(alert.thread, contains="**AI-1** リトライ上限を 3 回にしませんか")
    assert pinged(line) == []
    await world.expect_dm("secondary", contains="あなたに任せました")
    await world.expect_text(alert.card, "残り 1 / 1 件")

    await until_due(world)
    await world.expect_dm("secondary", contains="**期限 ")
    await world.restart_bot()
    await until_due(world)
    dm = await world.expect_dm("secondary", contains="今日が期限です")
    await until_due(world)
    await world.expect_dm("secondary", contains="過ぎています")
    await until_due(world)
    asked = await world.expect_message(alert.thread, contains="過ぎています")
    assert pinged(asked) == ["secondary"]
    await world.expect_nothing_more()

    answer = await world.human.press("secondary", dm, "完了")
    assert "AI-1 を完了にしました" in answer.text
    await world.expect_message(alert.thread, contains="**AI-1 完了**")
    await world.expect_text(alert.card, "残り 0 / 1 件")
    await world.fast_forward(days=21)
    await world.expect_nothing_more()


async def fire(world: World, content: str) -> None:
    """Let a monitor post an alert, and close it as a false alarm."""
    _, answer = await Monitor(world).alert(content)
    await world.expect_dm("primary", contains=content)
    await world.click(answer, "誤報", by="primary")
    await world.settle()


async def done_and_watched(world: World) -> Alert:
    """An incident whose item is done, and watches a monitor's alert that is over."""
    world.ledger.forgive(DIGEST)
    await fire(world, LATENCY)
    alert = await resolved(world)
    [row] = await world.rows("SELECT fingerprint FROM incidents WHERE fingerprint IS NOT NULL")
    form = await world.command("action add", channel=alert.thread, alert=row["fingerprint"])
    answered = await world.human.submit("responder", form, {**FILLED, WHAT: "リトライ上限を 3 回にする"})
    assert "AI-1 を追加しました" in answered.text
    line = await world.expect_message(alert.thread, contains="**AI-1** リトライ上限を 3 回にする")
    await world.expect_dm("secondary", contains="あなたに任せました")
    said = await world.click(line, "完了", by="secondary")
    assert "鳴らなければ検証済みになります" in said.text
    await world.expect_message(alert.thread, contains="まで同じアラートが鳴らなければ")
    return alert


async def test_a_fix_is_verified_by_the_silence_of_its_alert(world: World) -> None:
    """Fourteen days, and the thread says so; another alert makes no difference."""
    alert = await done_and_watched(world)
    await world.fast_forward(days=13)
    await fire(world, "disk of db-1 is full")
    shown = await world.command("action list", which="done")
    assert "見守り中" in shown.text
    await world.fast_forward(days=1, minutes=1)
    await world.expect_message(alert.thread, contains="**AI-1 検証済み**")
    shown = await world.command("action list", which="done")
    assert "🟢 検証済み" in shown.text


async def test_a_fix_that_has_not_held_is_reopened(world: World) -> None:
    """A done action item is reopened when its alert fires again, and the owner and the thread are told."""
    alert = await done_and_watched(world)
    await world.fast_forward(days=3)
    await fire(world, "API latency 955 ms")
    line = await world.expect_message(alert.thread, contains="**AI-1 再開**")
    assert "対策のあとに同じアラートが鳴りました (INC-3)" in line.text
    await world.expect_dm("secondary", contains="再開しました：対策のあと")
    await world.expect_text(alert.card, "残り 1 / 1 件")
    history = await world.command("incident timeline", number=alert.number)
    assert "アラートが再び鳴った (INC-3)" in history.text

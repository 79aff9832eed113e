"""Real monitors' messages: a recovery pages no one, and the bot asks about unknown messages."""

from pathlib import Path

import pytest

from local_discord.client import Message
from tests.e2e.alerts.monitor import Monitor
from tests.e2e.hooks.alertmanager import alertmanager, posting_in, require_alertmanager
from tests.e2e.world.ledger import SILENT
from tests.e2e.world.world import World

RULE = {"alertname": "HighErrorRate", "service": "api.parky.co.jp", "severity": "critical"}
ONE = {**RULE, "instance": "10.0.0.5:9090"}
OTHER = {**RULE, "instance": "10.0.0.6:9090"}


@pytest.fixture
def world(reading: World) -> World:
    """A world whose bot may read other people's messages."""
    return reading


async def said(world: World, title: str) -> Message:
    """Wait for Alertmanager's next post with this embed title."""
    return await world.ledger.expect("p1-ops", where=lambda found: _title(found).startswith(title))


async def asked(world: World, posted: Message, *, channel: str = "p1-ops") -> Message:
    """Return the quiet line under *posted*, which pings no one."""

    def answers(found: Message) -> bool:
        reference = found.raw.get("message_reference") or {}
        return "❔" in found.content and reference.get("message_id") == posted.id

    line = await world.human.see(channel, where=answers)
    assert line.raw["flags"] & SILENT
    return line


async def test_alertmanager_fires_repeats_and_recovers(world: World, tmp_path: Path) -> None:
    """An alert group is tracked, counted as it grows, and closed on recovery, with no further page.

    If a person has acknowledged it, the recovery only adds a line, and they close it.
    """
    require_alertmanager()
    async with alertmanager(tmp_path, posting_in(world, "p1-ops")) as monitor:
        await monitor.fire(ONE, summary="決済 API が 5xx")
        posted = await said(world, "[FIRING:1] HighErrorRate (10.0.0.5:9090")
        answer = await Monitor(world).answer(posted)
        assert answer.content.startswith("🟠 SEV2 · HighErrorRate: 決済 API が 5xx · **未対応**")
        assert "\n誰も取らないと：" in answer.content
        dm = await world.expect_dm("primary", contains="HighErrorRate: 決済 API が 5xx · **未対応**")
        why = await world.click(dm, "なぜ私に？", by="primary")
        assert "なぜ私に？ · ALERT-1 HighErrorRate" in why.text
        await monitor.fire(ONE, OTHER, summary="決済 API が 5xx")
        await said(world, "[FIRING:2] HighErrorRate (api.parky.co.jp")
        await monitor.resolve(ONE, OTHER)
        await said(world, "[RESOLVED] HighErrorRate (api.parky.co.jp")
        await world.expect_text(answer, "🟢 SEV2 · ")
        await world.fast_forward(hours=9)
        await world.expect_nothing_more()

        await monitor.fire(ONE, summary="5xx")
        posted = await said(world, "[FIRING:1]")
        answer = await Monitor(world).answer(posted)
        await world.expect_dm("primary", contains="HighErrorRate")
        await world.react(posted, by="primary")
        await world.expect_text(answer, "@primary が対応中")
        await monitor.resolve(ONE)
        recovery = await said(world, "[RESOLVED]")
        await world.expect_message("p1-ops", contains="🟢 Alertmanager が復旧を通知しました")
    assert recovery.id in (await world.posts("p1-ops"))[-1].content
    rows = await world.rows("SELECT status, occurrences FROM incidents ORDER BY id")
    assert [tuple(row) for row in rows] == [("resolved", 2), ("acknowledged", 1)]


async def test_chatter_is_asked_about_and_its_sender_ignored(world: World) -> None:
    """The bot asks about chatter in a quiet line; ignoring its sender lasts and can be undone.

    What is an alert becomes one by a click: its deadline counts from then, and 👀 on the message counts.
    """
    deploys = Monitor(world, name="Deploys")
    posted = await deploys.say("api.parky.co.jp: v1.2 says hi")
    line = await asked(world, posted)
    assert line.content.startswith(
        "❔ アラートかどうか判別できません：api.parky.co.jp: v1.2 says hi (Deploys)"
    )
    assert "responder" in (await world.click(line, "関係なし", by="observer")).text
    answered = await world.click(line, "関係なし", by="responder")
    assert "says hi" in answered.text
    answer = (await world.human.press("responder", answered.messages[-1], "この送信元は無視")).text
    assert "今後、#p1-ops では Deploys の判別できない投稿を無視します" in answer
    assert "無視をやめる" in answer
    line = await world.expect_text(line, "🔇 Deploys の判別できない投稿は無視しています · @responder")
    await world.restart_bot()
    await deploys.say("admin.parky.co.jp: v1.3 says hi")
    await world.settle()
    assert "Deploys の無視をやめました" in (await world.click(line, "無視をやめる", by="primary")).text
    await world.expect_text(line, "❔")
    await asked(world, await deploys.say("owner.parky.co.jp: v1.4 says hi"))
    assert await world.rows("SELECT FROM incidents") == []
    kept = [row["action"] for row in await world.rows("SELECT action FROM audit WHERE allowed ORDER BY id")]
    assert kept == ["alert_chatter", "sender_ignored", "sender_heeded"]

    jobs = Monitor(world, name="Jobs")
    posted = await jobs.say("nightly export: exit code 1")
    line = await asked(world, posted)
    assert "ALERT-1 として追跡します" in (await world.click(line, "障害", by="responder")).text
    post = await world.ledger.expect(
        "p1-ops",
        where=lambda found: "SEV2 · nightly export" in found.content and "**未対応**" in found.content,
    )
    await world.expect_dm("primary", contains="nightly export")
    await world.expect_text(line, "🔴 ALERT-1 として追跡中 · @responder")
    await world.react(posted, by="primary")
    await world.expect_text(post, "が対応中")
    assert [row["status"] for row in await world.rows("SELECT status FROM incidents")] == ["acknowledged"]


async def test_an_unknown_p0_is_asked_about_and_tracked_if_nobody_answers(world: World) -> None:
    """The question is quiet, in the channel and by DM; five minutes later the alert is tracked, kill or not.

    The alert rings then, as its ladder begins. One answer, and the next message that
    looks alike asks nothing.
    """
    reports = Monitor(world, "p0-alerts", name="駐車場監視")
    posted = await reports.say("キオスクの様子：123件")
    line = await asked(world, posted, channel="p0-alerts")
    dm = await world.expect_dm("primary", contains="キオスクの様子：123件")
    assert "SEV1 のアラートとして追跡します" in dm.content
    await world.kill_bot()
    await world.fast_forward(minutes=6)
    await world.start_bot()
    post = await world.ledger.expect("p0-alerts", where=lambda found: "**未対応**" in found.content)
    assert post.pings_here
    await world.expect_dm("primary", contains="ALERT-1")
    await world.expect_text(line, "🔴 ALERT-1 として追跡中 · 時間内に答えがなかったため")
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains="ALERT-1", pings_here=True)
    for person in ("primary", "secondary"):
        await world.expect_dm(person, contains="⏰ ack 期限切れ：")

    other = Monitor(world, "p0-alerts", name="日報")
    line = await asked(world, await other.say("券売機の様子：45人"), channel="p0-alerts")
    await world.expect_dm("primary", contains="券売機の様子")
    answered = await world.click(line, "関係なし", by="primary")
    assert (
        "/alerts rules" in (await world.human.press("primary", answered.messages[-1], "同じ形はいつも")).text
    )
    await world.expect_text(line, "⚪ アラートではない")
    await other.say("券売機の様子：67人")
    await world.settle()
    rows = await world.rows("SELECT outcome FROM alert_decisions ORDER BY said_id")
    assert [row["outcome"] for row in rows] == ["tracked", "chatter", "chatter"]


def _title(found: Message) -> str:
    embeds = found.raw["embeds"]
    return str(embeds[0].get("title", "")) if embeds else ""

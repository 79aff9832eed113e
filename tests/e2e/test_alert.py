"""The parts of an alert: thread, links, DM. Source: the runbook, エスカレーションパス."""

import re

from tests.e2e.severities import SEV1, SEV2, SEV3
from tests.e2e.world import World

TITLE = "満空情報の更新が止まっている"
START = re.compile(r"\*\*開始時刻 \d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} JST\*\*")


async def test_thread_begins_with_the_start_time(world: World) -> None:
    """The thread's first message is the start time in JST, by itself: the postmortem starts there."""
    alert = await world.triage(SEV1, title=TITLE)
    first, card = await world.posts(alert.thread)
    assert START.fullmatch(first.content)
    assert first.id == alert.start.id
    assert "api.parky.co.jp" in card.text
    assert "初動" in card.text


async def test_sev2_thread_is_quietly_in_p0_alerts(world: World) -> None:
    """The alert is in #p1-ops, its thread in #p0-alerts without a ping, and each links to the other."""
    alert = await world.triage(SEV2, title=TITLE)
    assert alert.root.channel_id != alert.post.channel_id
    assert START.fullmatch(alert.start.content)
    post = await world.expect_text(alert.post, f"<#{alert.thread}>")
    assert not post.pings_here
    root = await world.expect_link(alert.root, alert.post.id)
    assert not root.pings_here


async def test_dm_says_who_and_until_when(world: World) -> None:
    """The on-call's DM names severity, title, target and deadline, and leads to the alert."""
    alert = await world.triage(SEV1, title=TITLE)
    dm = alert.dms["primary"]
    assert dm.content == f"🔴 SEV1 · {TITLE} · api.parky.co.jp"
    assert "あなたが on-call です" in dm.text
    assert "ack 期限" in dm.text
    labels = [control.label for control in dm.controls]
    assert labels[0] == "👀 ack"
    assert any("今は対応できない" in label for label in labels)


async def test_bot_puts_the_first_eyes(world: World) -> None:
    """The bot adds the first 👀, so that acking is one tap; its own 👀 does not count."""
    alert = await world.triage(SEV3, title=TITLE)
    await world.settle()
    assert (await world.reread(alert.post)).reactions == {"👀": 1}
    [row] = await world.rows("SELECT status FROM incidents")
    assert row["status"] == "triggered"


async def test_timeline_tells_what_happened(world: World) -> None:
    """Raised, posted, thread opened and DM sent are on record."""
    await world.triage(SEV1, title=TITLE)
    await world.settle()
    kinds = {row["kind"] for row in await world.rows("SELECT kind FROM timeline")}
    assert kinds == {"opened", "triaged", "alert_posted", "thread_opened", "paged"}

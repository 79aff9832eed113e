"""The parts of an alert: thread, links, DM. Source: the runbook, エスカレーションパス."""

import re

from tests.e2e.world.severities import SEV1, SEV2
from tests.e2e.world.world import World

TITLE = "満空情報の更新が止まっている"
START = re.compile(r"\*\*開始時刻 \d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} JST\*\*")


async def test_a_sev1_has_its_thread_its_dm_and_its_first_eyes(world: World) -> None:
    """The thread begins with the start time in JST by itself, where the postmortem starts.

    The DM names severity, title, target and deadline. The bot's own 👀, which makes acking one tap, does not
    count. Raised, posted, thread opened and DM sent are on record.
    """
    alert = await world.triage(SEV1, title=TITLE)
    first, card, *_ = await world.posts(alert.thread)  # the sheet follows, maybe by now
    assert START.fullmatch(first.content)
    assert first.id == alert.start.id
    assert "**初動：** 0/" in card.text
    dm = alert.dms["primary"]
    assert dm.content.startswith(f"🔴 SEV1 · {TITLE} · **未対応** · ack ")
    assert "-# api.parky.co.jp · " in dm.text
    assert "あなたが当番です" in dm.text
    assert "👀 ack を押して対応を始める" in dm.text
    labels = [control.label for control in dm.controls]
    assert labels[0] == "👀 ack"
    assert any("対応できない" in label for label in labels)
    await world.settle()
    assert (await world.reread(alert.post)).reactions == {"👀": 1}
    [row] = await world.rows("SELECT status FROM incidents")
    assert row["status"] == "triggered"
    kinds = {row["kind"] for row in await world.rows("SELECT kind FROM timeline")}
    assert kinds == {"opened", "triaged", "alert_posted", "thread_opened", "paged"}


async def test_sev2_thread_is_quietly_in_p0_alerts(world: World) -> None:
    """The alert is in #p1-ops, its thread in #p0-alerts without a ping, and each links to the other."""
    alert = await world.triage(SEV2, title=TITLE)
    assert alert.root.channel_id != alert.post.channel_id
    assert START.fullmatch(alert.start.content)
    post = await world.expect_text(alert.post, f"<#{alert.thread}>")
    assert not post.pings_here
    root = await world.expect_link(alert.root, alert.post.id)
    assert not root.pings_here

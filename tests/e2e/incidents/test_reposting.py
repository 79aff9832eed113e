"""Deleted, locked or archived posts and threads are restored, or the bot says why not."""

from tests.e2e.world.severities import SEV1, SEV2, SEV3
from tests.e2e.world.world import World

TITLE, OTHER = "決済 API が 5xx", "ログインできない"


async def test_a_deleted_alert_and_its_thread_come_back_quietly(world: World) -> None:
    """A deleted alert is posted again once: a second deletion is meant. The DM leads to where it is now.

    A deleted thread is recreated on a quiet post, which takes over its lines and links.
    """
    alert = await world.declare(SEV2, title=TITLE)
    await world.settle()
    await world.human.remove_channel(alert.thread)
    root = await world.expect_message("p0-alerts", contains=TITLE, pings_here=False)
    await world.settle()
    for words in ("開始時刻", "**初動：**"):
        await world.expect_message(root.id, contains=words)
    await world.expect_text(alert.post, f"<#{root.id}>")
    await world.settle()

    await world.human.delete("admin", alert.post)
    again = await world.expect_message("p1-ops", contains=TITLE, pings_here=False)
    await world.expect_text(again, f"<#{root.id}>")
    await world.react(again, by="primary")
    await world.expect_text(again, "@primary が対応中")
    await world.settle()
    await world.human.delete("admin", again)
    await world.settle()
    noted = await world.command("incident note", number=alert.number, text="rollback 中")
    assert "メモを残しました" in noted.text
    await world.expect_message(root.id, contains="rollback 中")


async def test_a_deletion_while_the_bot_was_dead(world: World) -> None:
    """The next change finds an alert or a thread that was deleted while the bot was dead.

    The line that was refused waits for the new thread, and is not lost.
    """
    alert = await world.declare(SEV1, title=TITLE)
    other = await world.declare(SEV1, title=OTHER)
    await world.settle()
    await world.kill_bot()
    await world.human.delete("admin", alert.post)
    await world.human.remove_channel(other.thread)
    await world.start_bot()
    await world.react(alert.start, by="primary")
    again = await world.expect_message("p0-alerts", contains=TITLE, pings_here=False)
    await world.expect_text(again, "@primary が対応中")

    said = await world.command("incident note", number=other.number, text="rollback 中")
    assert "メモを残しました" in said.text
    root = await world.expect_message("p0-alerts", contains=OTHER)
    await world.settle()
    for words in ("開始時刻", "**初動：**", "rollback 中"):
        await world.expect_message(root.id, contains=words)


async def test_where_there_is_no_thread_the_line_stands_beside_the_alert(world: World) -> None:
    """An ended incident gets no new thread, and a locked one stays locked; every press is answered."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.command("incident cancel", number=alert.number)
    await world.expect_message(alert.thread, contains="取消")
    await world.settle()
    await world.human.remove_channel(alert.thread)
    await world.command("incident note", number=alert.number, text="後から分かったこと")
    line = await world.expect_message("p0-alerts", contains="後から分かったこと")
    assert line.raw["message_reference"]["message_id"] == alert.post.id

    other = await world.declare(SEV1, title=OTHER)
    await world.settle()
    await world.human.change("channel", channel=other.thread, locked=True, archived=True)
    said = await world.command("incident note", number=other.number, text="rollback 中")
    assert "メモを残しました" in said.text
    await world.idle()
    places = [other.thread, "p0-alerts"]
    found = [place for place in places for one in await world.posts(place) if "rollback 中" in one.text]
    assert len(found) == 1, "said once, wherever Discord takes it"
    await world.expect_message(found[0], contains="rollback 中")


async def test_a_deleted_channel_is_survived(world: World) -> None:
    """Commands work after a channel is deleted, failures are recorded, a new severity posts elsewhere."""
    alert = await world.declare(SEV3, title=TITLE)
    await world.settle()
    await world.human.remove_channel("p2-deploys")
    noted = await world.command("incident note", number=alert.number, text="rollback 中")
    assert "メモを残しました" in noted.text
    await world.settle()
    shown = await world.command("incident show", number=alert.number)
    assert "rollback 中" in shown.text
    assert "配信に失敗" in shown.text
    said = await world.command("incident severity", number=alert.number, to="SEV1", reason="r")
    assert "#p0-alerts に @here で通知" in said.text
    new = await world.expect_message("p0-alerts", contains="🔴 SEV1", pings_here=True)
    await world.expect_dm("primary", contains=TITLE)
    await world.settle()
    for words in ("開始時刻", "**初動：**", "SEV3 → **SEV1**"):
        await world.expect_message(new.id, contains=words)


async def test_an_alert_that_was_deleted_before_the_bot_knew_of_it(world: World) -> None:
    """An alert deleted before Discord's answer arrived is reposted without a ping, and nothing fails.

    The person who reported it gets their answer without waiting for Discord's.
    """
    channel = next(one for one in (await world.human.state())["channels"] if one["name"] == "p0-alerts")
    route = f"POST /channels/{channel['id']}/messages"
    await world.fault(route=route, after=True, delay_s=4, status=503, times=1)
    said = await world.command("sev1", title=TITLE)
    assert said.first_response_ms is not None
    assert said.first_response_ms < 3000
    await world.human.delete("admin", await world.human.see("p0-alerts", TITLE))
    again = await world.expect_message("p0-alerts", contains=TITLE, pings_here=False)
    await world.expect_thread(again.id)
    for words in ("開始時刻", "**初動：**"):
        await world.expect_message(again.id, contains=words)
    await world.expect_dm("primary", contains=TITLE)
    await world.settle()
    assert await world.rows("SELECT FROM admin.notification_failures") == []

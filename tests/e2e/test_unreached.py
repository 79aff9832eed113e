"""DMs that are refused for good, or for the moment: people are notified at once in both cases."""

from dataclasses import replace

from tests.e2e.severities import SEV1, SEV2
from tests.e2e.world import World

TITLE = "検索が遅い"

#: Nobody's DM arrives at once.
UNREACHED = replace(SEV2, pages=())


async def test_a_p1_whose_dm_is_refused_reaches_the_next_person_at_once(world: World) -> None:
    """50007: the next person is notified at once, and the post says who cannot be reached.

    At the deadline the ladder goes on as ever.
    """
    await world.human.change("member", user="primary", dms=False)
    alert = await world.declare(UNREACHED, title=TITLE)
    await world.expect_dm("secondary", contains="@primary に DM が届かないため")
    await world.expect_message(
        alert.thread, contains="@primary に DM が届きません。@secondary に連絡しています"
    )
    await world.expect_text(alert.post, "@primary に DM が届きません")
    await world.restart_bot()
    await world.fast_forward(hours=4)
    await world.expect_message("p1-ops", contains="@primary に DM が届いていません")
    await world.expect_dm("secondary", contains=TITLE)
    await world.expect_nothing_more()


async def test_when_nobody_can_be_reached_the_channel_is_told(world: World) -> None:
    """If everybody has closed DMs, the channel is notified at once instead of after four hours."""
    for who in ("primary", "secondary"):
        await world.human.change("member", user=who, dms=False)
    alert = await world.declare(UNREACHED, title=TITLE)
    told = await world.expect_message("p1-ops", contains="on-call に連絡がつきません", pings_here=False)
    await world.expect_message(alert.thread, contains="@secondary に連絡しています")
    await world.expect_message(alert.thread, contains="チャンネルで呼びかけました")
    await world.expect_text(alert.post, "@primary, @secondary に DM が届きません")
    await world.click(told, "ack", by="responder")
    await world.expect_text(alert.post, "👀 @responder")
    await world.fast_forward(hours=1)
    await world.expect_nothing_more()


async def test_a_sev1_whose_dm_comes_too_fast_is_tried_again(world: World) -> None:
    """40003: the first DM of a SEV1 arrives a second later, and no one else is notified instead."""
    dm = await world.human.until(lambda: _dm(world), "the DM with primary, which the start has opened")
    message = "You are opening direct messages too fast"
    await world.fault(route=f"POST /channels/{dm}/messages", status=403, code=40003, message=message)
    await world.declare(SEV1, title=TITLE)
    await world.expect_nothing_more()
    [page] = await world.rows("SELECT attempts, status FROM deliveries WHERE kind = 'page'")
    assert tuple(page) == (1, "sent")


async def _dm(world: World) -> str | None:
    channels = (await world.human.state())["channels"]
    return next((str(one["id"]) for one in channels if one["name"] == "dm:primary"), None)

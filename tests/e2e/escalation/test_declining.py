"""対応できない: the next person is notified at once, and once per ladder."""

import asyncio

from local_discord.client import Message
from tests.e2e.incidents.test_severity import expect_moved
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
PASSED_ON = "@primary は今は対応できません。@secondary に通知しました"


async def decline(world: World, dm: Message, *, by: str, says: str) -> None:
    """Two presses at the same moment, and one more: each has the same answer."""
    presses = [world.human.press(by, dm, "対応できない") for _ in range(2)]
    for said in (*await asyncio.gather(*presses), await world.human.press(by, dm, "対応できない")):
        assert says in said.text


async def test_each_ladder_asks_anew_whoever_declined_on_the_last(world: World) -> None:
    """A killed bot still sends the next person's DM, and a new severity's ladder pages everybody again.

    On either ladder the next person is told once, however often it is pressed. The first ladder's deadline is
    spared, the second one's is kept.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.settle()
    await world.fault(route="POST /channels/*/messages", times=None, status=503)
    first = alert.dms["primary"]
    await decline(world, first, by="primary", says="@secondary")
    await world.kill_bot()
    await world.human.clear_faults()
    await world.shift(minutes=1)
    await world.start_bot()
    passed = await world.expect_dm("secondary", contains="@primary が対応できないため")
    await world.expect_message(alert.thread, contains=PASSED_ON)
    await world.expect_text(alert.post, "🙅 @primary は今は対応できません → @secondary：")
    assert "@secondary：" in (await world.expect_text(first, "対応できないと伝えました")).text
    await decline(world, first, by="primary", says="@secondary に引き継ぎました (")
    await world.expect_nothing_more()

    await world.command("incident severity", number=alert.number, to="SEV2", reason="一部だけだった")
    await expect_moved(world, alert.post, to="SEV2", channel="p1-ops")
    await world.expect_message(alert.thread, contains="SEV1 → **SEV2**")
    again = await world.expect_dm("primary", contains="あなたが当番です")
    await world.settle()
    await world.restart_bot()
    await decline(world, again, by="primary", says="@secondary")
    passed_again = await world.expect_dm("secondary", contains="@primary が対応できないため")
    await world.expect_message(alert.thread, contains=PASSED_ON)
    await decline(world, first, by="primary", says="@secondary")  # the DM of before is no other answer
    await decline(world, passed_again, by="secondary", says="ほかに")
    await world.expect_message(alert.thread, contains="@secondary は今は対応できません。ほかに当番がいない")
    await world.expect_message("p1-ops", contains="当番の全員が対応できません", pings_here=False)
    await decline(world, passed, by="secondary", says="ほかに")
    await world.fast_forward(minutes=15)
    await world.expect_nothing_more()
    await world.fast_forward(hours=3, minutes=45)
    await world.expect_message("p1-ops", contains="から未対応", pings_here=False)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_nothing_more()
    told = await world.rows(
        "SELECT data ->> 'place' AS place, data ->> 'to' AS next, (data ->> 'ladder')::int AS ladder"
        " FROM timeline WHERE kind = 'declined' ORDER BY id"
    )
    passed_on = [("primary", "secondary", 0), ("primary", "secondary", 1), ("secondary", None, 1)]
    assert [tuple(row) for row in told] == passed_on

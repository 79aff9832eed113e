"""An acknowledge that ends: a sleepy 👀 does not stop the paging for good."""

import asyncio

from local_discord.client import Message
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


async def test_a_sleepy_eye_lapses_and_the_ladder_goes_on(world: World) -> None:
    """👀 at 3 a.m., a word in the thread, then nothing: each time reminded after 30 minutes.

    The word keeps the ack, and the update interval restarts. Without one, 15 minutes later, the second person
    hears why. SIGKILL right before and after; the same old 👀 acknowledges nothing, a new one of the same
    person does.
    """
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.fast_forward(minutes=30)
    await world.expect_reminder(alert)
    await world.fast_forward(minutes=5)
    await world.human.say("primary", alert.thread, "rollback を試しています")
    await world.fast_forward(minutes=10)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=30)
    reminder = await world.expect_reminder(alert)
    assert "ack は失効し" in reminder.text
    await world.settle()
    await world.kill_bot()
    await world.shift(minutes=15)
    await world.start_bot()
    told = await world.expect_message("p0-alerts", contains="@primary の ack が失効", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.expect_message(alert.thread, contains="ack は失効しました")
    await world.expect_text(alert.post, "@primary の ack は")
    await world.expect_text(told, "担当なし")
    await world.restart_bot()  # READY reads the 👀 that stands under the alert
    await world.settle()
    [row] = await world.rows("SELECT status, acknowledged_by_name FROM incidents")
    assert tuple(row) == ("triggered", "primary")
    await world.human.unreact("primary", alert.post, "👀")
    await world.react(alert, by="primary")
    await world.expect_text(alert.post, "@primary が対応中")
    await world.fast_forward(minutes=20)
    await world.expect_nothing_more()


async def test_whoever_cannot_go_on_lets_go(world: World) -> None:
    """[手を離す] under the DM notifies the next person at once; the ladder's deadline does not move.

    Two presses at once are one change, and a SIGKILL before the DMs are sent loses nothing. The person who
    merely has a role is asked, once; their DM is edited when another takes it.
    """
    alert = await world.triage(SEV1, title=TITLE)
    said = await world.click(alert, "ack", by="primary")
    assert "ack し、エスカレーションを止めました" in said.text
    await world.expect_acknowledged(alert, by="primary")
    kept = await world.click(alert.card, "✍️", by="responder")
    assert "対応は @primary のまま変わりません" in kept.text
    await world.expect_message(alert.thread, contains="**記録** は @responder が担当します")
    dm = await world.human.until(lambda: _own_dm(world), "the DM with the way back")
    await world.settle()
    await world.fault(route="POST /channels/*/messages", times=None, status=503)
    presses = [world.human.press("primary", dm, "手を離す") for _ in range(2)]
    said_twice = [answer.text for answer in await asyncio.gather(*presses)]
    for words in ("手を離しました", "を対応中の人だけです"):
        assert [words in answer for answer in said_twice].count(True) == 1, said_twice
    await world.kill_bot()
    await world.human.clear_faults()
    await world.shift(minutes=1)
    await world.start_bot()
    await world.expect_dm("secondary", contains="@primary が手を離したため")
    await world.expect_message(alert.thread, contains="@responder に引き受けられるか聞いています")
    asked = await world.expect_dm("responder", contains="@primary が手を離し、担当なしです")
    said = await world.human.press("responder", asked, "できない")
    assert "引き受けられないと伝えました" in said.text
    await world.expect_message(alert.thread, contains="@responder は引き受けられません")
    await world.expect_text(alert.post, "手を離しました")
    await world.expect_nothing_more()
    await world.fast_forward(minutes=14)
    await world.expect_message("p0-alerts", contains="から担当なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.click(alert, "ack", by="secondary")
    await world.expect_text(alert.post, "@secondary が対応中")
    await world.expect_text(asked, "**@secondary が対応中")
    await world.expect_nothing_more()


async def _own_dm(world: World) -> Message | None:
    """Primary's DM, once it says that it is theirs."""
    shown = await world.human.dms("primary")
    return next(
        (one for one in shown if any("手を離す" in (found.label or "") for found in one.controls)), None
    )

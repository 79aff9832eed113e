"""Unfinished triages: no report is lost, and a triage without answers pages no one."""

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from local_discord.client import Message
from tests.e2e.world.severities import NO, SEV2, YES
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
LEFT = f"🔎 トリアージが途中です · {TITLE}"
PROMISE = "に SEV2 として発報します"


async def left(world: World, *answers: str) -> Message:
    """A triage with these answers and no more; the DM that asks ten minutes later."""
    walk = TriageWalk(world.human, "responder", "general")
    await walk.answer(await walk.begin(TriageReport(TITLE)), *answers)
    await world.fast_forward(minutes=9)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    return await world.expect_dm("responder", contains=LEFT)


async def test_production_is_affected_and_nobody_finishes(world: World) -> None:
    """A triage left after production was affected is asked about after ten minutes, a SEV2 after ten more.

    The bot is killed in each stage.
    """
    walk = TriageWalk(world.human, "responder", "general")
    await walk.answer(await walk.begin(TriageReport(TITLE)), YES)
    await world.settle()
    await world.restart_bot()
    await world.fast_forward(minutes=10)
    asked = await world.expect_dm("responder", contains=LEFT)
    assert PROMISE in asked.text
    await world.settle()
    await world.restart_bot()
    await world.fast_forward(minutes=9)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    alert = await world.expect_alert(SEV2, TITLE)
    await world.expect_text(alert.post, "トリアージが途中のまま発報")
    await world.expect_text(asked, f" · {alert.label}")
    shown = await world.command("incident timeline", number=alert.number)
    assert "@responder のトリアージが途中で止まり" in shown.text
    await world.fast_forward(minutes=60)


async def test_looking_around_calls_nobody(world: World) -> None:
    """A triage left without a paging severity in reach is offered to everyone by a quiet line.

    Nobody is paged, and another person can continue the triage.
    """
    asked = await left(world, NO)
    assert "発報はしません" in asked.text
    await world.fast_forward(minutes=10)
    line = await world.human.see("p1-ops", LEFT)
    assert line.raw["mentions"] == []
    assert line.raw["flags"] & 1 << 12, "nobody's phone rings"
    assert "@responder の回答が止まっています" in line.text
    await world.fast_forward(hours=2)
    await world.expect_nothing_more()
    taken = await world.click(line, "続ける", by="secondary")
    for post in (asked, line):
        await world.expect_text(post, "@secondary がトリアージ中")
    walk = TriageWalk(world.human, "secondary", "p1-ops")
    await walk.answer(taken.messages[-1], "戻る", YES, NO, CONFIRM)
    alert = await world.expect_alert(SEV2, TITLE)
    for post in (asked, line):
        await world.expect_text(post, f" · {alert.label}")


async def test_its_person_goes_on_in_the_dm(world: World) -> None:
    """[続ける] continues the triage in the DM up to 発報, although a DM carries no roles."""
    asked = await left(world, YES)
    await world.fast_forward(minutes=5)
    taken = await world.click(asked, "続ける", by="responder")
    await world.expect_text(asked, "@responder がトリアージ中")
    await world.fast_forward(minutes=9)
    walk = TriageWalk(world.human, "responder", asked.channel_id)
    card = await walk.answer(taken.messages[-1], NO, CONFIRM)
    assert "発報しました" in card.text
    await world.expect_alert(SEV2, TITLE)

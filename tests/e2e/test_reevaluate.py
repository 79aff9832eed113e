"""再評価: neither production nor only dev. Source: the runbook, Triage 判定フロー."""

from bot.demo.play import Report, Triage
from bot.demo.screen import Message
from tests.e2e.severities import REEVALUATE, SEV2
from tests.e2e.world import World

TITLE = "夜間バッチの件数が半分"


async def put_on_hold(world: World) -> Message:
    """A triage that ends in 再評価; the question that is posted for all."""
    walk = Triage(world.human, "responder", "general")
    card = await walk.answer(await walk.begin(Report(TITLE)), *REEVALUATE, "再評価に回す")
    assert "再評価に回しました" in card.text
    return await world.expect_message("p1-ops", contains=f"再評価 · {TITLE}", pings_here=False)


async def test_nobody_answers_so_it_promotes_itself(world: World) -> None:
    """After 30 minutes without an answer it is raised as a SEV2, also when the bot was killed meanwhile."""
    await put_on_hold(world)
    await world.settle()
    await world.restart_bot()
    await world.fast_forward(minutes=29)
    await world.expect_nothing_more()
    await world.fast_forward(minutes=1)
    await world.expect_alert(SEV2, TITLE)


async def test_somebody_raises_it(world: World) -> None:
    """[発報する] under the question raises it at once, and only once."""
    question = await put_on_hold(world)
    said = await world.click(question, "発報する", by="secondary")
    assert "SEV2 として発報しました" in said.text
    await world.expect_alert(SEV2, TITLE)
    await world.fast_forward(minutes=31)
    await world.expect_nothing_more()


async def test_somebody_finds_nothing_wrong(world: World) -> None:
    """[問題なし] stops the clock."""
    question = await put_on_hold(world)
    said = await world.click(question, "問題なし", by="primary")
    assert "問題なし" in said.text
    await world.fast_forward(minutes=31)
    await world.expect_nothing_more()

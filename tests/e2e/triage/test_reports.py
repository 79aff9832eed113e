"""A report of a person who lacks the role, while the bot dies again and again."""

from bot.demo.triage_walk import CONFIRM
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "2 階で払えません"


async def test_a_report_survives_the_bot_at_every_step(world: World) -> None:
    """It is killed after the report and after it is taken up: one post, one DM, one incident, one answer."""
    told = await world.command("sev1", by="observer", title=TITLE)
    assert "報告を受け付けました" in told.text
    await world.kill_bot()
    await world.start_bot()
    post = await world.human.see("p1-ops", "🙋 報告")
    await world.expect_dm("primary", contains="🙋 報告")
    card = (await world.human.press("primary", post, "取り上げる")).messages[-1]
    await world.kill_bot()
    await world.start_bot()
    await world.human.press("primary", card, CONFIRM)
    alert = await world.expect_alert(SEV1, TITLE)
    assert "@observer" in alert.post.text
    answer = await world.expect_dm("observer", contains="あなたの報告")
    assert TITLE in answer.text
    await world.expect_text(post, "@primary が取り上げました")
    assert len(await world.rows("SELECT FROM incidents")) == 1
    sent = await world.rows("SELECT kind, count(*) FROM deliveries WHERE kind LIKE 'report%' GROUP BY kind")
    assert {row["kind"]: row["count"] for row in sent} == {"report": 1, "report_dm": 1, "report_answer": 1}

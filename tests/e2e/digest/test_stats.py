"""`/stats`: a period in figures and charts, to the person who asks alone."""

from typing import Final

from local_discord.client import Message
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

BOTH: Final = ["incidents.png", "response-times.png"]


async def test_a_quarter_in_figures_and_charts(world: World) -> None:
    """The words come at once, then the charts in the same screen; an earlier quarter has none."""
    alert = await world.triage(SEV1, title="決済 API が 5xx")
    await world.fast_forward(minutes=10)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    told = (await world.command("stats show", period="quarter")).messages[-1]
    assert "インシデント 1 件" in told.text
    assert "SEV1 10 分 (1 件)" in told.text
    assert "ack 1/1 件" in told.text

    async def shown() -> Message | None:
        latest = (await world.human.messages(told.channel_id, user="responder"))[-1]
        return latest if [one["filename"] for one in latest.raw["attachments"]] == BOTH else None

    drawn = await world.human.until(shown, "the charts of the quarter")
    assert "インシデント 1 件" in drawn.text
    earlier = (await world.human.press("responder", drawn, "前へ")).messages[-1]
    assert "インシデント 0 件" in earlier.text
    assert earlier.raw["attachments"] == []
    assert "ロールが必要です" in (await world.command("stats show", by="observer")).text
    await world.expect_nothing_more()

"""A DM that is refused for good: the next person is notified at once."""

from dataclasses import replace

from tests.e2e.world.severities import SEV2
from tests.e2e.world.world import World

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
        alert.thread, contains="@primary に DM が届きません。@secondary に通知しています"
    )
    await world.expect_text(alert.post, "@primary に DM が届きません")
    await world.restart_bot()
    await world.fast_forward(hours=4)
    rung = await world.expect_message("p1-ops", contains="@primary：⚠️ DM 届かず", pings_here=False)
    assert "から未対応**" in rung.content
    await world.expect_dm("secondary", contains=TITLE)

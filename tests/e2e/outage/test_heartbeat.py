"""The dead-man's heartbeat stops while a P0 has reached no one."""

from tests.e2e.conftest import MakeWorld
from tests.e2e.world.world import World
from tests.integration.process.test_heartbeat import Monitor, monitor
from tests.patience import PATIENCE_S

TITLE = "決済 API が 5xx"


async def expect_pings(world: World, there: Monitor, count: int) -> None:
    """So many have been taken so far."""

    async def look() -> bool | None:
        return True if len(there.asked) == count else None

    await world.human.until(look, f"{count} pings")


async def test_a_p0_that_discord_refuses_everywhere_stops_it(make_world: MakeWorld) -> None:
    """The heartbeat stops when Discord refuses a P0 and there is no email, until an escalation is posted."""
    async with monitor() as there, make_world(HEARTBEAT_URL=f"{there.url}/beat") as world:
        await world.start_bot()
        await expect_pings(world, there, 1)
        await world.fault(route="POST /channels/*/messages", times=None, status=403, code=50013)
        said = await world.command("sev1", title=TITLE)
        assert "INC-1" in said.text
        await world.settle()
        owed = "SELECT status FROM incident_bot.deliveries WHERE kind IN ('alert', 'page')"
        assert {row["status"] for row in await world.rows(owed)} == {"failed"}
        await world.shift(minutes=2)
        await world.stop_bot()
        unready = await world.begin_bot()  # as long as somebody has to be told, /readyz says so
        await unready.child.line_with("1 told to nobody", within_s=PATIENCE_S)
        assert len(there.asked) == 1
        await world.human.clear_faults()
        await world.fast_forward(minutes=14)
        rung = await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=TITLE)
        await world.settle()
        await _beat_anew(world)
        await expect_pings(world, there, 2)
        await world.react(rung, by="primary")
        await world.expect_text(rung, "@primary が対応中")


async def _beat_anew(world: World) -> None:
    """The next beat comes at once: one that is stopped hands over what it leads, and beats no more."""
    await world.stop_bot()
    await world.start_bot()

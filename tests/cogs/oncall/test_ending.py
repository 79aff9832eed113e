"""Overrides are ended from `/oncall show`, however many there are, against the local Discord."""

from datetime import timedelta

from tests.integration.cogs.console_world import ConsoleWorld, shown, words


async def test_each_of_many_overrides_can_be_ended(world: ConsoleWorld) -> None:
    """More than fit a row of buttons are in a select; the last one is asked about, and ended."""
    for day in range(1, 8):
        at = (world.clock.time + timedelta(days=day)).astimezone(world.policy.timezone)
        span = {"from": f"{at:%m/%d} 10:00", "until": f"{at:%m/%d} 12:00"}
        await world.command("oncall override", by="primary", user="secondary", **span)
    answer = shown(await world.command("oncall show", by="primary"))
    asked = shown(await world.click(answer, "onc:v1:end", by="primary", values=["7"]))
    ended = shown(await world.click(asked, "onc:v1:ended:7", by="primary"))
    assert "終え" in words(ended)
    again = words(shown(await world.command("oncall show", by="primary")))
    assert "#6 ·" in again
    assert "#7 ·" not in again

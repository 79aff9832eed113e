"""A snooze whose time comes while the bot is dead."""

from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World


async def test_it_asks_again_even_if_the_bot_dies(world: World) -> None:
    """Once, where the alert is, and with the ping that the alert had."""
    alert = await world.triage(SEV1, title="決済 API が 5xx")
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.command("incident snooze", number=alert.number, until="20m")
    await world.expect_message(alert.thread, contains="再び確認します")
    await world.kill_bot()
    await world.shift(minutes=21)
    await world.start_bot()
    await world.expect_message("p0-alerts", pings_here=True, contains="再び確認")
    await world.restart_bot()
    await world.expect_nothing_more()

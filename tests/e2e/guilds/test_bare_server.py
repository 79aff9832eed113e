"""A server whose administrators took everything from @everyone: the invitation's permissions are enough."""

from local_discord.world.permissions import P
from tests.e2e.escalation.test_escalation import expect_step
from tests.e2e.privacy.test_private import open_private
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
PEOPLE = P.VIEW_CHANNEL | P.SEND_MESSAGES | P.SEND_MESSAGES_IN_THREADS | P.READ_MESSAGE_HISTORY
PEOPLE |= P.ADD_REACTIONS | P.USE_APPLICATION_COMMANDS


async def bare(world: World) -> None:
    """A server where the bot has only the permissions of its own role."""
    await world.human.change("role", role="@everyone", permissions=0)
    for role in ("on-call", "responder"):
        await world.human.change("role", role=role, permissions=int(PEOPLE))


async def test_incidents_from_their_alert_to_their_end(world: World) -> None:
    """The alert rings, has its thread, escalates, is acknowledged and closed; posts and names follow.

    A private one has its thread, with the people on call in it.
    """
    await bare(world)
    thread, _ = await open_private(world)
    await world.command("incident cancel", by="primary", channel=thread)
    await world.expect_message(thread, contains="INC-1 取消")
    alert = await world.declare(SEV1, title=TITLE)
    await world.settle()
    await world.fast_forward(minutes=15)
    await expect_step(world)
    await world.react(alert, by="responder")
    await world.expect_acknowledged(alert, by="responder")
    await world.command("incident cancel", channel=alert.thread, reason="監視の設定ミス")
    await world.expect_message(alert.thread, contains="INC-2 取消")
    await world.expect_text(alert.post, " が取消 (")
    await world.settle()
    assert "⚪" in await world.thread_name(alert.thread)
    lost = await world.rows("SELECT kind FROM deliveries WHERE status = 'failed'")
    assert lost == []

"""Show that an unanswered page also goes to Pushover and PagerDuty, and that an answer there acknowledges."""

from pathlib import Path

from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import SEV1
from tests.standins.paging.policy import policy_with_pages
from tests.standins.paging.server import outside_systems


async def test_nobody_answers_in_discord_so_phones_ring(make_world: MakeWorld, tmp_path: Path) -> None:
    """The alert says what was tried; the ack in PagerDuty is one here, and the phone falls silent."""
    folder = tmp_path / "policy"
    folder.mkdir()
    async with outside_systems() as outside:
        settings = {**outside.environment, "RUNBOOK_FILE": policy_with_pages(folder)}
        async with make_world(**settings) as world:
            await world.start_bot()
            alert = await world.declare(SEV1, title="決済 API が 5xx")
            await world.fast_forward(minutes=14)
            assert outside.asked == []
            await world.fast_forward(minutes=1)
            await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
            for who in ("primary", "secondary"):
                await world.expect_dm(who, contains="決済 API が 5xx")
            await world.settle()
            assert [push["topic"] for push in outside.ntfy.published] == ["parky-primary"]
            assert len(outside.pushover.ringing) == 1
            (key,) = outside.pagerduty.told("trigger")
            post = await world.reread(alert.post)
            for way in ("プッシュ (ntfy)", "プッシュ (Pushover)", "PagerDuty"):
                assert way in post.text
            outside.pagerduty.acknowledge(key, name="Primary", email="primary@example.com")
            await world.fast_forward(minutes=0.5)
            await world.expect_acknowledged(alert, by="primary")
            await world.fast_forward(minutes=0.5)
            await world.settle()
            assert outside.pushover.ringing == []
            assert outside.pagerduty.told("acknowledge") == []
            logs = "\n".join(world.bot.child.lines)
            for secret in ("parky-primary", outside.environment["PUSHOVER_TOKEN"], "primary@example.com"):
                assert secret not in logs

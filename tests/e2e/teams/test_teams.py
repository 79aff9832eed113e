"""A team that is called and then takes the incident over, while the bot dies in between."""

from pathlib import Path

from bot.runbook import default_policy_text
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.bot import start_program
from tests.e2e.world.severities import SEV1

TEAMS = """
[oncall.pay]
discord = "responder"

[oncall.pay_second]
discord = "observer"

[teams.payments]
channel = "p1-ops"
schedule = ["pay", "pay_second"]
"""


async def test_a_call_outlives_the_bot_and_a_hand_over_pages_the_team(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """The next person of the team is called at the deadline, once; then the incident is the team's."""
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text() + TEAMS, encoding="utf-8")
    async with make_world(RUNBOOK_FILE=str(policy)) as world:
        registering = await start_program(
            "sync-commands", "sync-commands", env=world.settings, folder=tmp_path
        )
        assert await registering.wait() == 0  # the two commands come with the table
        await world.start_bot()
        alert = await world.declare(SEV1, title="決済 API が 5xx")
        await world.react(alert, by="primary")
        await world.expect_acknowledged(alert, by="primary")
        await world.command("incident call", by="primary", number=alert.number, team="payments")
        await world.expect_dm("responder", contains="応援を頼んでいます")
        await world.expect_message(alert.thread, contains="「payments」の pay を呼びました")
        await world.kill_bot()
        await world.shift(minutes=16)
        await world.start_bot()
        await world.expect_dm("observer", contains="応援をお願いします")
        await world.expect_message(alert.thread, contains="「payments」の pay_second を呼びました")
        await world.command("incident team", by="primary", number=alert.number, team="payments")
        await world.expect_message("p1-ops", contains="決済 API が 5xx", pings_here=True)
        await world.expect_message(alert.thread, contains="担当チーム：既定のチーム → **payments**")
        await world.expect_dm("responder", contains="決済 API が 5xx")
        await world.restart_bot()
        await world.expect_nothing_more()

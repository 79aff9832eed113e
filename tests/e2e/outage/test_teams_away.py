"""PostgreSQL is away: a team's deadline pages that team. Row 13."""

from pathlib import Path

from bot.runbook import default_policy_text
from tests.e2e.conftest import MakeWorld
from tests.e2e.outage.stoppable_database import TITLE, mails, near_the_deadline, staged
from tests.e2e.world.alert import Alert
from tests.e2e.world.bot import start_program

TEAMS = """
[oncall.pay]
discord = "responder"
email = "pay@example.com"

[oncall.pay_second]
discord = "observer"
email = "pay.second@example.com"

[teams.payments]
channel = "p1-ops"
schedule = ["pay", "pay_second"]
"""


async def test_a_deadline_of_a_team_while_the_database_is_away(
    make_world: MakeWorld, tmp_path: Path, prepared: Path
) -> None:
    """[13] Channel, DMs and emails of the escalation are the team's; afterwards the ladder goes on there."""
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text() + TEAMS, encoding="utf-8")
    async with staged(make_world, tmp_path, prepared, RUNBOOK_FILE=str(policy)) as stage:
        world = stage.world
        registering = await start_program(
            "sync-commands", "sync-commands", env=world.settings, folder=tmp_path
        )
        assert await registering.wait() == 0  # the commands between teams come with the table

        async def hand_over(alert: Alert) -> None:
            await world.command("incident team", by="primary", number=alert.number, team="payments")
            await world.expect_message(alert.thread, contains="担当チーム：既定のチーム → **payments**")
            await world.expect_message("p1-ops", contains=TITLE, pings_here=True)
            await world.expect_dm("responder", contains=TITLE)

        label = await near_the_deadline(stage, at_first=hand_over)
        await stage.pass_the_deadline()
        late = f"{label} {TITLE} · 15 分経っても ack なし"
        await world.expect_message("p1-ops", contains=late, pings_here=True)
        for who in ("responder", "observer"):
            await world.expect_dm(who, contains=TITLE)
        await world.human.until(lambda: mails(stage, 2), "both mails")
        assert {mail["To"] for mail in stage.box.mails} == {"pay@example.com", "pay.second@example.com"}
        await stage.until_it_counts_as_away()
        await stage.back()
        await world.fast_forward(minutes=16)
        await world.expect_message("p1-ops", contains=f"⏫ SEV1 · {TITLE} · **", pings_here=True)
        for who in ("responder", "observer"):
            await world.expect_dm(who, contains=TITLE)

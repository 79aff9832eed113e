"""Windows hold alerts also in a dry run, without the database, and after an unknown message."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.alerts.decisions import AlertOutcome
from bot.runbook import default_policy_text, parse_policy
from bot.services.alerts.decisions import AlertDryRun
from cogs.maintenance.use_cases import MaintenanceWindows
from tests.cogs.maintenance.test_holding import begin
from tests.services.alerts.test_alerts import FIRST, alert
from tests.services.alerts.test_dry_run import decided
from tests.services.alerts.test_events import FIRING, SENTRY
from tests.services.alerts.test_unknown import lettered, odd, outcomes, questions
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk
from tests.services.outage.test_monitors_meanwhile import P0, at_once, away, back, posted

__all__ = ["at_once"]


async def test_a_dry_run_says_that_it_would_be_held(desk: Desk) -> None:
    """An event would be held in a maintenance window; the decision names the window."""
    window = await begin(desk)
    held = await decided(desk, FIRING)
    assert (held.outcome, held.window_id) == (AlertOutcome.HELD, window.id)


async def test_a_window_knows_a_target_by_the_monitors_own_name_for_it(desk: Desk) -> None:
    """A maintenance window would hold an event if the sender maps the monitor's name to its target."""
    await begin(desk, "api.parky.co.jp")
    sender = replace(SENTRY, targets={"parky-api": "api.parky.co.jp"})
    named = replace(FIRING, target="Parky-API")
    dry_run = AlertDryRun(desk.own_store, desk.policy)
    assert (await dry_run.decide(named, SENTRY, guild_id=GUILD)).outcome is AlertOutcome.TRACKED
    assert (await dry_run.decide(named, sender, guild_id=GUILD)).outcome is AlertOutcome.HELD


async def test_a_rule_and_a_maintenance_come_first(database: Database) -> None:
    """What a threshold or a maintenance window keeps back is not asked about, as if it were tracked."""
    rule = '\n[[alerts.rules]]\ntitle = "*gate 7*"\nonly_after = 2\nwithin = "10m"\n'
    desk = Desk(database, parse_policy(default_policy_text() + rule, name="own"))
    await desk.services.of(MaintenanceWindows).begin(
        GUILD, "db-9", until=desk.clock.time + timedelta(hours=1), reason="", by=PRIMARY
    )
    await odd(desk, 1, "something about gate 7")
    await desk.services.alerts.receive(lettered(desk, 9, "something about the disk"))
    assert await outcomes(desk) == [AlertOutcome.BELOW, AlertOutcome.HELD]
    assert await questions(desk) == []
    await odd(desk, 10, "something about gate 7")
    assert (await outcomes(desk))[-1] is AlertOutcome.ASKED


async def test_a_maintenance_window_holds_alerts_during_an_outage(desk: Desk) -> None:
    """While the database is away, only alerts about other targets than the window's page people."""
    desk.discord.watching.append(alert(desk, FIRST - 1, "chatter", channel=P0))
    window = await desk.services.of(MaintenanceWindows).begin(
        GUILD, "api.parky.co.jp", until=desk.clock.time + timedelta(hours=1), reason="", by=PRIMARY
    )
    await away(desk)
    await posted(desk, FIRST, "api.parky.co.jp latency")
    assert desk.offline_alerter.posted == []
    await posted(desk, FIRST + 1, "app.parky.co.jp latency")
    assert len(desk.offline_alerter.posted) == 2
    found = await back(desk)
    assert (window.target, [one.title for one in found]) == ("api.parky.co.jp", ["app.parky.co.jp latency"])

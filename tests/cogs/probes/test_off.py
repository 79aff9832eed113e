"""Probes that are switched off while a target is down."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.capability import capability_names
from bot.cli.commands import app
from bot.domain.errors import UserError
from bot.domain.incident.incident import Status
from bot.domain.incident.transitions import AckVia
from bot.runbook import default_policy_text
from bot.storage.tables.statistics import read_figures
from cogs.probes.use_cases import ProbeUseCases
from tests.cogs.probes.prober import prober, wrong
from tests.cogs.probes.test_probing import alerts, begun, turn
from tests.log_state import logging_restored
from tests.services.desk import RESPONDER, Desk

__all__ = ["begun"]


async def test_the_alert_stays_with_the_people_and_monitoring_forgets_the_target(desk: Desk) -> None:
    """An open alert is acknowledged and resolved as before; a state that no one looks at has no figure."""
    prober(desk).says["api"] = wrong()
    await turn(desk)
    await turn(desk)
    [alert] = await alerts(desk)
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)
    await desk.acknowledger.acknowledge(alert.id, by=RESPONDER, via=AckVia.BUTTON)
    await desk.lifecycle.resolve(alert.id, by=RESPONDER)
    await desk.work()
    assert [one.status for one in await alerts(desk)] == [Status.RESOLVED]
    assert desk.policy.alert_targets.isdisjoint({"api"})
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(ProbeUseCases)
    pool = desk.database.pool
    on, off = await read_figures(pool), await read_figures(pool, {"probes": {desk.guild_id}})
    assert any(gauge.values for gauge in on.own if "_probe_" in gauge.name)
    assert not any(gauge.values for gauge in off.own if "_probe_" in gauge.name)


def test_the_command_says_that_they_are_off(tmp_path: Path) -> None:
    """`incident-bot probes try` asks nothing."""
    file = tmp_path / "policy.toml"
    file.write_text(f'{default_policy_text()}\n[capabilities]\noff = ["probes"]\n', encoding="utf-8")
    with logging_restored():
        said = CliRunner().invoke(app, ["probes", "try"], env={"RUNBOOK_FILE": str(file)})
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr == "error: probes try: the policy switches probes off\n"

"""Probes that are switched off while a target is down."""

from dataclasses import replace

import pytest

from bot.capability import capability_names
from bot.cli.programs import run_program
from bot.domain.errors import ConfigError, UserError
from bot.domain.incident.acknowledgement import AckVia
from bot.domain.incident.incident import Status
from bot.settings import load_settings
from bot.storage.figures import read_figures
from cogs.probes.use_cases import ProbeUseCases
from tests.cogs.probes.prober import prober, wrong
from tests.cogs.probes.test_probing import alerts, begun, turn
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
    assert any(gauge.values for gauge in (await read_figures(pool)).own)
    off = await read_figures(pool, {"probes": {desk.guild_id}})
    assert not any(gauge.values for gauge in off.own)


def test_the_command_says_that_they_are_off(desk: Desk) -> None:
    """`incident-bot probes try` asks nothing."""
    policy = replace(desk.policy, off=capability_names())
    with pytest.raises(ConfigError, match="switches probes off"):
        run_program("probes try", load_settings(env_file=None), policy, None)

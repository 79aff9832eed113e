"""A probe below a maintenance window: no alert, `/alerts recent` says why, its end forgets nothing."""

from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import AlertOutcome, AlertWindow, DecisionFilter
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Status
from cogs.maintenance.use_cases import MaintenanceWindows
from tests.cogs.probes.conftest import desk
from tests.cogs.probes.prober import good, prober, slow, wrong
from tests.cogs.probes.test_probing import alerts, begun, probe, turn, use
from tests.services.desk import GUILD, PRIMARY, Desk

__all__ = ["begun", "desk"]


async def mute(desk: Desk, **span: float) -> AlertWindow:
    """``/mute target:api until``."""
    until = await desk.store.now() + timedelta(**span)
    return await desk.services.of(MaintenanceWindows).begin(
        GUILD, "api", until=until, reason="deploy", by=PRIMARY
    )


async def said(desk: Desk) -> list[tuple[AlertOutcome, str | None, int | None]]:
    """What ``/alerts recent`` lists, oldest first: the decision, the target, the incident."""
    page = await desk.services.alert_history.page(GUILD, DecisionFilter(), by=PRIMARY)
    found = [one.decision for one in reversed(page.shown)]
    return [(one.outcome, one.target, one.incident_id) for one in found]


async def test_a_target_that_is_still_down_when_its_window_ends_alerts_then_and_once(desk: Desk) -> None:
    """A target that is down past its maintenance window opens one alert then, which its recovery ends."""
    await mute(desk, minutes=30)
    prober(desk).says["api"] = wrong()
    for _ in range(14):  # it repeats after ten minutes
        await turn(desk)
    await desk.work()
    assert await alerts(desk) == []
    assert desk.sent(DeliveryKind.ALERT) == []
    assert await said(desk) == [(AlertOutcome.HELD, "api", None)] * 2
    await desk.pass_time(minutes=20)
    [alert] = await alerts(desk)
    assert (alert.severity, alert.targets, alert.status) == ("SEV1", ("api",), Status.TRIGGERED)
    assert alert.tracked.waited is not None
    assert alert.tracked.waited.window == "api"
    for _ in range(3):
        await turn(desk)
        await desk.work()
    [alert] = await alerts(desk)
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    assert await said(desk) == [(AlertOutcome.HELD, "api", alert.id)] * 2 + [
        (AlertOutcome.COUNTED, "api", alert.id)
    ]
    prober(desk).says["api"] = good()
    await turn(desk)
    await turn(desk)
    assert [one.status for one in await alerts(desk)] == [Status.RESOLVED]


async def test_a_target_that_is_back_before_its_window_ends_alerts_nobody(desk: Desk) -> None:
    """A target that is down only within its maintenance window opens no alert; the next outage opens one."""
    await mute(desk, minutes=30)
    for says in (wrong(), wrong(), good(), good()):
        prober(desk).says["api"] = says
        await turn(desk)
    await desk.pass_time(minutes=30)
    assert await alerts(desk) == []
    assert [one[0] for one in await said(desk)] == [AlertOutcome.HELD, AlertOutcome.NOTHING_OPEN]
    prober(desk).says["api"] = wrong()
    await turn(desk)
    await turn(desk)
    assert [one.targets for one in await alerts(desk)] == [("api",)]


@pytest.mark.parametrize("is_ended_by_a_person", [False, True])
async def test_a_slow_target_that_goes_down_in_its_window_alerts_as_down(
    desk: Desk, *, is_ended_by_a_person: bool
) -> None:
    """A slow target that goes down in its maintenance window alerts as down when the window ends.

    The severity is that of what is wrong at the end, whether the window runs out or a person ends it.
    """
    use(desk, probe("api", degraded="SEV3"))
    window = await mute(desk, minutes=30)
    for says in (slow(), slow(), wrong(), wrong()):
        prober(desk).says["api"] = says
        await turn(desk)
    if is_ended_by_a_person:
        await desk.services.of(MaintenanceWindows).end(GUILD, window.id, by=PRIMARY)
        await desk.work()
    else:
        await desk.pass_time(minutes=30)
    [alert] = await alerts(desk)
    assert alert.severity == "SEV1"
    assert "503" in alert.title


async def test_an_alert_from_before_its_window_is_counted_and_ended_as_ever(desk: Desk) -> None:
    """A window holds new alerts alone: who is on this one is not left without its end."""
    prober(desk).says["api"] = wrong()
    await turn(desk)
    await turn(desk)
    [alert] = await alerts(desk)
    await mute(desk, minutes=30)
    for _ in range(11):
        await turn(desk)
    prober(desk).says["api"] = good()
    await turn(desk)
    await turn(desk)
    assert [(one.id, one.status) for one in await alerts(desk)] == [(alert.id, Status.RESOLVED)]
    assert [one[0] for one in await said(desk)] == [
        AlertOutcome.TRACKED,
        AlertOutcome.COUNTED,
        AlertOutcome.RECOVERED,
    ]

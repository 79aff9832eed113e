"""An alert that a maintenance window and an incident of what it needs hold, one after the other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import AlertOutcome
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import AlertWait
from bot.runbook import default_policy_text, parse_policy
from cogs.dependencies.rules import dependants
from cogs.dependencies.use_cases import DependentAlerts
from cogs.maintenance.use_cases import MaintenanceWindows
from tests.cogs.dependencies.test_holding import API, DB_DOWN, NEEDS, shown
from tests.cogs.maintenance.test_holding import begin, lines, opened
from tests.services.alerts.test_decisions import decided, outcomes
from tests.services.alerts.test_events import FIRING, OVER, fire, say
from tests.services.database import Database
from tests.services.desk import GUILD, Desk

DB_OVER = replace(DB_DOWN, says=OVER.says)


@pytest.fixture
def both(database: Database) -> Desk:
    """Return a desk whose API depends on a database, and may be under maintenance."""
    return Desk(database, parse_policy(default_policy_text() + NEEDS, name="both"))


async def tracked(desk: Desk) -> Incident:
    """Return the only open incident: the alert that was held, whose deadline is a whole one, paged once."""
    await desk.work()
    [incident] = await opened(desk)
    assert (incident.title, incident.triggered_at) == (FIRING.title, desk.clock.time)
    pages = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.PAGE]
    assert [one.incident_id for one in pages].count(incident.id) == 1
    return incident


async def test_the_incident_goes_on_to_hold_what_a_window_has_held(both: Desk) -> None:
    """The window's end opens nothing and says so; the incident's end tracks the alert once."""
    desk = both
    window = await begin(desk)
    await say(desk, FIRING, 1)
    cause = await fire(desk, 2, DB_DOWN)
    await say(desk, FIRING, 3)
    await desk.pass_time(hours=1)
    assert [one.id for one in await opened(desk)] == [cause.id]
    held = await decided(desk, AlertOutcome.DEPENDS)
    assert [one.held_by for one in held] == [cause.id] * 2
    known = dependants(await shown(desk, cause))
    assert (known.alerts, known.times, len(known.waiting)) == (1, 2, 1)
    ended = (await lines(desk))[-1]
    assert (ended.alerts, ended.times, ended.numbers, ended.moved) == (1, 1, (), 1)
    await say(desk, DB_OVER, 4)
    incident = await tracked(desk)
    assert incident.tracked.waited == AlertWait(count=2, incident=cause.id)
    assert await desk.services.of(MaintenanceWindows).run_job(GUILD, window.id) is None
    await desk.services.of(DependentAlerts).run_job(cause.id)
    assert (await tracked(desk)).id == incident.id


async def test_the_window_goes_on_to_hold_what_an_incident_has_held(both: Desk) -> None:
    """The incident's end opens nothing and says so; the window's end tracks the alert once."""
    desk = both
    cause = await fire(desk, 1, DB_DOWN)
    await say(desk, FIRING, 2)
    await begin(desk)
    await say(desk, FIRING, 3)
    await say(desk, DB_OVER, 4)
    await desk.work()
    assert await opened(desk) == []
    assert len(await decided(desk, AlertOutcome.HELD)) == 2
    known = dependants(await shown(desk, cause))
    assert (known.alerts, known.tracked, known.moved, known.waiting) == (1, 0, 1, ())
    await desk.pass_time(hours=1)
    incident = await tracked(desk)
    assert incident.tracked.waited == AlertWait(count=2, window=API)
    assert (await lines(desk))[-1].numbers == (incident.id,)
    await desk.services.of(DependentAlerts).run_job(cause.id)
    assert (await tracked(desk)).id == incident.id


async def test_what_both_let_go_at_once_is_one_alert(both: Desk) -> None:
    """Of a window and an incident that end together, the first to be dealt with tracks all of the alert."""
    desk = both
    window = await begin(desk)
    await say(desk, FIRING, 1)
    cause = await fire(desk, 2, DB_DOWN)
    await say(desk, FIRING, 3)
    await desk.database.advance(timedelta(hours=1))
    await say(desk, DB_OVER, 4)
    assert await desk.services.of(MaintenanceWindows).run_job(GUILD, window.id) is None
    await desk.services.of(DependentAlerts).run_job(cause.id)
    incident = await tracked(desk)
    assert incident.tracked.occurrences == 2
    assert (await outcomes(desk)).count(AlertOutcome.TRACKED) == 1  # of the database
    known = dependants(await shown(desk, cause))
    assert (known.tracked, known.waiting) == (1, ())


async def test_what_is_over_is_held_by_neither(both: Desk) -> None:
    """An alert that is over when the window ends is not passed on to the incident."""
    desk = both
    await begin(desk)
    await say(desk, FIRING, 1)
    cause = await fire(desk, 2, DB_DOWN)
    await say(desk, OVER, 3)
    await desk.pass_time(hours=1)
    assert await decided(desk, AlertOutcome.DEPENDS) == []
    await say(desk, DB_OVER, 4)
    await desk.work()
    assert await opened(desk) == []
    assert dependants(await shown(desk, cause)).alerts == 0

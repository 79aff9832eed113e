"""Maintenance that is switched off while a window is open."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import AlertOutcome, DecisionFilter
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.domain.incident.incident import IncidentKind, NewIncident
from bot.domain.people import Person
from bot.runbook import default_policy_text, parse_policy
from cogs.maintenance.rules import MaintenanceDelivery
from cogs.maintenance.use_cases import END_WINDOW, MaintenanceWindows
from tests.cogs.maintenance.test_holding import API, begin, opened
from tests.services.alerts.test_decisions import outcomes
from tests.services.alerts.test_events import FIRING, fire, say
from tests.services.desk import GUILD, PRIMARY, Desk


def switch(desk: Desk, *, on: bool) -> None:
    """As the policy does; its table may stay in the file."""
    off = '["digest"]' if on else '["maintenance"]'
    policy = parse_policy(f"{default_policy_text()}\n[capabilities]\noff = {off}\n", name="policy.toml")
    desk.policy = replace(policy, guild_id=None)
    desk.use(desk.discord)


async def test_an_open_window_holds_nothing_more(desk: Desk) -> None:
    """The alert is tracked, the list says of earlier ones that they were held, and a press that it is off."""
    await begin(desk)
    assert await say(desk, FIRING, 1) is None
    switch(desk, on=False)
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(MaintenanceWindows)
    tracked = await fire(desk, 2)
    assert await outcomes(desk) == [AlertOutcome.HELD, AlertOutcome.TRACKED]
    page = await desk.services.alert_history.page(GUILD, DecisionFilter(), by=PRIMARY)
    assert [one.decision.incident_id for one in page.shown] == [tracked.id, None]
    await desk.work()
    [line] = [one for one in await desk.database.deliveries() if one.kind is MaintenanceDelivery.ALERT_WINDOW]
    assert line.status is DeliveryStatus.CANCELLED


async def test_its_end_waits_without_an_alarm_until_it_is_on_again(desk: Desk) -> None:
    """The job ends without doing anything; switched on again, the auditor finds the window, and it ends."""
    await begin(desk)
    assert await say(desk, FIRING, 1) is None
    switch(desk, on=False)
    await desk.pass_time(hours=2)
    assert await opened(desk) == []
    assert END_WINDOW not in [job.name for job in await desk.database.jobs()]
    store = desk.store_of({"maintenance": {GUILD}})
    assert await store.requeue_stuck(overdue=timedelta(minutes=1)) == []
    switch(desk, on=True)
    assert len(await desk.store.requeue_stuck(overdue=timedelta(minutes=1))) == 1
    await desk.work()
    assert [one.title for one in await opened(desk)] == [FIRING.title]


async def test_the_journals_windows_hold_nothing_without_the_database(desk: Desk) -> None:
    """The file of an earlier process may name windows: an alert pages people all the same."""
    await begin(desk)
    new = NewIncident(
        guild_id=GUILD,
        severity="SEV1",
        title="5xx",
        targets=(API,),
        symptoms=(),
        started_at=desk.clock.time,
        reported_by=Person(id=9, name="Sentry", is_bot=True),
        path=(),
        key="alert:1",
        kind=IncidentKind.ALERT,
        fingerprint="f",
    )
    desk.use(desk.discord)
    await desk.emergency.tick()
    assert not desk.emergency.pages_for(new)
    switch(desk, on=False)
    desk.emergency.load()
    assert desk.emergency.pages_for(new)

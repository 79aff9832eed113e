"""Maintenance windows: what they hold, and what becomes of it when they end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import AlertOutcome, AlertWindow, DecisionFilter, HeldAlert, HoldingWindow
from bot.domain.errors import NotPermitted, UserError
from bot.domain.incident.incident import Incident, Status
from bot.domain.payloads import Json
from bot.domain.people import Person
from bot.runbook import default_policy_text, parse_policy
from bot.storage.database.migrate import migrations_dir
from bot.storage.tables.alerts import AlertDecisionRows, AlertRows
from bot.storage.tables.incidents import IncidentRows
from cogs.maintenance.rules import MaintenanceDelivery, WindowData
from cogs.maintenance.store import Windows
from cogs.maintenance.use_cases import END_WINDOW, MaintenanceWindows
from tests.patience import PATIENCE_S
from tests.services.alerts.test_alerts import alert
from tests.services.alerts.test_decisions import decided, outcomes
from tests.services.alerts.test_events import FIRING, OVER, fire, now, say
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk

API = "api.parky.co.jp"
_WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def begin(desk: Desk, target: str = API, *, by: Person = PRIMARY, **span: float) -> AlertWindow:
    """Begin an hour of maintenance."""
    until = desk.clock.time + timedelta(**span or {"hours": 1})
    return await desk.services.of(MaintenanceWindows).begin(
        GUILD, target, until=until, reason="deploy", by=by
    )


async def lines(desk: Desk) -> list[WindowData]:
    """Return the posted lines about maintenance windows, oldest first."""
    found = [one for one in await desk.database.deliveries() if one.kind is MaintenanceDelivery.ALERT_WINDOW]
    return [WindowData.from_json(one.data) for one in sorted(found, key=lambda one: one.id)]


async def opened(desk: Desk) -> list[Incident]:
    """The open incidents."""
    return await IncidentRows(desk.store.sql).open_incidents(GUILD)


async def test_what_still_fires_at_the_end_is_tracked_then(desk: Desk) -> None:
    """An alert that still fires when a maintenance window ends is tracked then, with its count.

    An alert that was over before the end is not tracked. One line tells the team how many alerts were held,
    how often they came, and which incident was opened.
    """
    window = await begin(desk)
    for number in (1, 2):
        assert await say(desk, FIRING, number) is None
    other = replace(FIRING, key="other", title="Slow")
    assert await say(desk, other, 3) is None
    await desk.pass_time(minutes=1)
    await say(desk, replace(other, says=OVER.says), 4)
    assert await outcomes(desk) == [
        AlertOutcome.HELD,
        AlertOutcome.HELD,
        AlertOutcome.HELD,
        AlertOutcome.NOTHING_OPEN,
    ]
    await desk.pass_time(hours=1)
    [incident] = await opened(desk)
    waited = incident.tracked.waited
    assert waited is not None
    assert (incident.title, waited.window, incident.tracked.occurrences) == (FIRING.title, API, 2)
    began, ended = await lines(desk)
    assert (began.target, began.until, began.reason) == (API, window.ends_at, "deploy")
    assert (ended.alerts, ended.times, ended.numbers) == (2, 3, (incident.id,))
    held = await decided(desk, AlertOutcome.HELD)
    assert [one.incident_id for one in held] == [None, incident.id, incident.id]
    await say(desk, OVER, 5)
    assert (await now(desk, incident)).status is Status.RESOLVED


async def test_the_list_says_until_when_an_alert_is_held_and_by_whose_window(desk: Desk) -> None:
    """A window that ends before its time is over then."""

    async def holding() -> HoldingWindow | None:
        [shown] = (await desk.services.alert_history.page(GUILD, DecisionFilter(), by=PRIMARY)).shown
        return shown.holding

    window = await begin(desk)
    await say(desk, FIRING, 1)
    assert await holding() == HoldingWindow(window.ends_at, "primary")
    await desk.pass_time(minutes=5)
    ended = await desk.services.of(MaintenanceWindows).end(GUILD, window.id, by=PRIMARY)
    assert await holding() == HoldingWindow(ended.ended_at or window.ends_at, "primary")
    assert ended.ended_at != window.ends_at


async def test_messages_are_held_like_events(desk: Desk) -> None:
    """A maintenance window holds a message that names its target, and the end of the window opens the alert.

    A message that is received twice is kept once, and a later recovery resolves the alert.
    """
    await begin(desk)
    told = replace(alert(desk), content=f"ALERT: 5xx on {API}")
    assert await desk.services.alerts.receive(told) is None
    assert await desk.services.alerts.receive(told) is None
    await desk.pass_time(hours=2)
    [incident] = await opened(desk)
    assert await AlertRows(desk.store.sql).alert_messages(incident.id) == [(told.channel_id, told.id)]
    over = replace(told, id=told.id + 1, content=f"RESOLVED: 5xx on {API}")
    await desk.services.alerts.receive(over)
    assert (await now(desk, incident)).status is Status.RESOLVED


async def test_other_targets_and_open_alerts_go_on(desk: Desk) -> None:
    """A window holds new alerts about its own target only."""
    before = await fire(desk)
    await begin(desk)
    assert (await fire(desk, 2)).id == before.id
    elsewhere = await fire(desk, 3, replace(FIRING, key="x", target="admin.parky.co.jp"))
    assert elsewhere.id != before.id
    mentions = replace(FIRING, key="y", target=None, title=f"{API} is down")
    assert await say(desk, mentions, 4) is None


async def test_a_person_may_end_it_sooner_or_change_its_end(desk: Desk) -> None:
    """The job that was queued for the first end does nothing."""
    first = await begin(desk)
    again = await begin(desk, API.upper(), hours=3)
    assert (again.id, again.ends_at) == (first.id, desk.clock.time + timedelta(hours=3))
    assert await say(desk, FIRING, 1) is None
    await desk.pass_time(hours=2)
    assert await opened(desk) == []
    await desk.services.of(MaintenanceWindows).end(GUILD, first.id, by=PRIMARY)
    await desk.work()
    assert len(await opened(desk)) == 1
    with pytest.raises(UserError, match="window_not_open"):
        await desk.services.of(MaintenanceWindows).end(GUILD, first.id, by=PRIMARY)
    assert [one.by for one in await lines(desk)] == [PRIMARY.name] * 3


async def test_a_window_that_was_being_dealt_with_is_dealt_with_once(desk: Desk) -> None:
    """The process may die after any transaction, and the job comes again."""
    window = await begin(desk)
    for number in (1, 2):
        await say(desk, replace(FIRING, key=str(number)), number)
    await desk.database.advance(timedelta(hours=1))
    async with desk.store.transaction() as tx:
        await Windows(tx.sql).end(GUILD, window.id, by=None)
    for _ in range(3):
        assert await desk.services.of(MaintenanceWindows).run_job(GUILD, window.id) is None
    assert len(await opened(desk)) == 2
    assert len(await lines(desk)) == 2


async def test_what_is_held_while_a_window_ends_is_not_lost(desk: Desk) -> None:
    """The end waits for what is being decided by the window, and then finds it."""
    window = await begin(desk)
    await say(desk, FIRING, 1)
    [held] = await decided(desk)
    late = replace(held, said_id=held.said_id + 1, fingerprint="late", held=_late(desk))
    async with desk.store.transaction() as tx:
        assert [one.id for one in await Windows(tx.sql).holding(GUILD)] == [window.id]
        ending = asyncio.create_task(desk.services.of(MaintenanceWindows).end(GUILD, window.id, by=PRIMARY))
        async with asyncio.timeout(PATIENCE_S):
            while not (await desk.database.fetch(_WAITS))[0]["count"]:  # the server tells nobody
                assert not ending.done()
                await asyncio.sleep(0)
        await AlertDecisionRows(tx.sql).decide(late)
    await ending
    await desk.work()
    assert {one.title for one in await opened(desk)} == {FIRING.title, "late"}


def _late(desk: Desk) -> Json:
    return HeldAlert(
        severity="SEV2",
        title="late",
        targets=(API,),
        started_at=desk.clock.time,
        by_id=0,
        by_name="Sentry",
        key="event:late",
        fingerprint="late",
    ).to_json()


async def test_a_lost_job_is_found(desk: Desk) -> None:
    """The row says when it is due."""
    await begin(desk)
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(hours=2))
    lost = await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    assert [key.partition(":")[0] for key in lost if key.startswith(END_WINDOW)] == ["end_window"]


async def test_what_fires_again_after_the_window_is_one_alert(desk: Desk) -> None:
    """An alert that fires again after the window, before the window's job runs, is not opened twice."""
    window = await begin(desk)
    await say(desk, FIRING, 1)
    await desk.database.advance(timedelta(hours=1, seconds=1))
    itself = await fire(desk, 2)
    await desk.services.of(MaintenanceWindows).run_job(GUILD, window.id)
    assert [one.id for one in await opened(desk)] == [itself.id]
    assert (await lines(desk))[-1].numbers == (itself.id,)


async def test_the_line_names_no_incident_that_is_private_by_then(desk: Desk) -> None:
    """The team reads it; a private incident's number is for its members."""
    window = await begin(desk)
    await say(desk, FIRING, 1)
    await desk.database.advance(timedelta(hours=1, seconds=1))
    itself = await fire(desk, 2)
    await desk.database.pool.execute("UPDATE incidents SET is_private = true WHERE id = $1", itself.id)
    await desk.services.of(MaintenanceWindows).run_job(GUILD, window.id)
    assert ((await lines(desk))[-1].alerts, (await lines(desk))[-1].numbers) == (1, ())


async def test_what_an_earlier_version_kept_as_held_is_cleared(desk: Desk) -> None:
    """An alert that was over at a window's end before the upgrade is held no more; an open window's is."""
    window = await begin(desk)
    await say(desk, FIRING, 1)
    await say(desk, OVER, 2)
    await desk.pass_time(hours=1)
    await desk.database.pool.execute("UPDATE alert_decisions SET held = '{}' WHERE window_id = $1", window.id)
    later = await begin(desk)
    await say(desk, FIRING, 3)
    file = next(migrations_dir().glob("0089_*.sql")).read_text(encoding="utf-8")
    up, _, _ = file.partition("-- migrate:down")
    await desk.database.pool.execute(up)
    held = [one.window_id for one in await decided(desk, AlertOutcome.HELD) if one.held is not None]
    assert held == [later.id]


async def test_another_guild_neither_sees_nor_ends_it(desk: Desk) -> None:
    """Another guild sees neither a maintenance window nor what it has held, and cannot end it."""
    window = await begin(desk)
    await say(desk, FIRING, 1)
    elsewhere = GUILD + 1
    assert await desk.services.of(MaintenanceWindows).open_ones(elsewhere) == []
    assert await AlertDecisionRows(desk.store.sql).decisions(elsewhere, DecisionFilter(), None, limit=9) == []
    with pytest.raises(UserError, match="window_not_open"):
        await desk.services.of(MaintenanceWindows).end(elsewhere, window.id, by=PRIMARY)
    assert await desk.services.of(MaintenanceWindows).run_job(elsewhere, window.id) is None
    assert len(await desk.services.of(MaintenanceWindows).open_ones(GUILD)) == 1


async def test_who_may_and_how_long(desk: Desk) -> None:
    """A maintenance window is refused to a stranger, above the policy's maximum, and if it ends too soon."""
    with pytest.raises(NotPermitted):
        await begin(desk, by=Person(id=99, name="stranger"))
    with pytest.raises(UserError, match="window_too_long"):
        await begin(desk, hours=25)
    with pytest.raises(UserError, match="window_in_past"):
        await begin(desk, seconds=5)
    assert await desk.services.of(MaintenanceWindows).open_ones(GUILD) == []


async def test_a_severity_may_be_spared(database: Database) -> None:
    """The announcement says so, in the channel that the policy names."""
    text = default_policy_text().replace("spares = []", 'spares = ["SEV1"]\nchannel = "p1-ops"')
    desk = Desk(database, parse_policy(text, name="spares"))
    await begin(desk)
    assert await say(desk, FIRING, 1) is None
    assert (await fire(desk, 2, replace(FIRING, key="x", severity="fatal"))).severity == "SEV1"
    [line] = [one for one in await desk.database.deliveries() if one.kind is MaintenanceDelivery.ALERT_WINDOW]
    assert (line.to, WindowData.from_json(line.data).spares) == ("channel:p1-ops", ("SEV1",))

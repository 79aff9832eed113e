"""Snoozing: what is allowed, what comes when, what forgets it, and the command."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.services.incidents.updates import NewUpdate
from bot.services.watchdogs import audit
from bot.storage.tables.timeline import TimelineRows
from cogs.snooze.rules import SnoozeDelivery, SnoozeEntry
from cogs.snooze.store import Snoozes
from cogs.snooze.use_cases import Snoozing
from tests.integration.cogs.console_world import ConsoleWorld, alerted, shown, words
from tests.services.desk import OBSERVER, PRIMARY, Desk

HOUR = timedelta(hours=1)


async def acknowledged(desk: Desk, key: str = "k") -> Incident:
    """A SEV1 that primary has acknowledged, and that sends no reminder of its own."""
    desk.lets_nothing_lapse()
    incident = await desk.open(key=key)
    await desk.work()
    return (await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)).incident


async def snooze(desk: Desk, incident: Incident, after: timedelta = HOUR) -> None:
    """Put *incident* to rest for *after*."""
    snoozing = desk.services.of(Snoozing)
    await snoozing.snooze(incident.id, until=await desk.store.now() + after, by=PRIMARY)
    await desk.work()


async def test_it_asks_again_once_at_its_time(desk: Desk) -> None:
    """The message comes where the alert is, an hour later, once, and both are on the timeline."""
    incident = await acknowledged(desk)
    await snooze(desk, incident)
    await desk.pass_time(minutes=59)
    assert desk.sent(SnoozeDelivery.WOKEN) == []
    await desk.pass_time(minutes=2)
    assert desk.sent(SnoozeDelivery.WOKEN) == ["channel:p0-alerts"]
    await desk.pass_time(hours=3)
    assert len(desk.sent(SnoozeDelivery.WOKEN)) == 1
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
    assert [kind for kind in kinds if kind in tuple(SnoozeEntry)] == [SnoozeEntry.SNOOZED, SnoozeEntry.WOKEN]


async def test_a_second_one_replaces_the_first(desk: Desk) -> None:
    """Only the later time counts."""
    incident = await acknowledged(desk)
    await snooze(desk, incident)
    await snooze(desk, incident, 2 * HOUR)
    await desk.pass_time(minutes=61)
    assert desk.sent(SnoozeDelivery.WOKEN) == []
    await desk.pass_time(minutes=60)
    assert len(desk.sent(SnoozeDelivery.WOKEN)) == 1


async def _update(desk: Desk, incident: Incident) -> None:
    await desk.updates.tell(
        incident.id, NewUpdate("復旧中", None, None, (), (), key="interaction:9"), by=PRIMARY
    )


async def _resolve(desk: Desk, incident: Incident) -> None:
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)


@pytest.mark.parametrize("move_on", [_update, _resolve])
async def test_what_moves_on_is_forgotten(
    desk: Desk, move_on: Callable[[Desk, Incident], Awaitable[None]]
) -> None:
    """A status update or the end leaves no row and no job, and nothing is asked."""
    incident = await acknowledged(desk)
    await snooze(desk, incident)
    await move_on(desk, incident)
    assert await Snoozes(desk.store.sql).of_incident(incident.id) is None
    assert f"wake:{incident.id}" not in {job.key for job in await desk.database.jobs()}
    await desk.pass_time(hours=2)
    assert desk.sent(SnoozeDelivery.WOKEN) == []


async def test_what_cannot_be_is_refused(desk: Desk) -> None:
    """Nobody's incident, a time that is past or too far away, a person who may not respond."""
    waiting = await desk.open()
    with pytest.raises(InvalidTransition, match="not_acknowledged"):
        await snooze(desk, waiting)
    incident = await acknowledged(desk, key="other")
    for after, why in ((timedelta(), "in_past"), (timedelta(hours=25), "too_long")):
        with pytest.raises(UserError, match=why):
            await snooze(desk, incident, after)
    with pytest.raises(NotPermitted):
        await desk.services.of(Snoozing).snooze(incident.id, until=await desk.store.now() + HOUR, by=OBSERVER)


async def test_a_lost_job_is_found(desk: Desk) -> None:
    """The auditor gives the job back, and the message comes."""
    incident = await acknowledged(desk)
    await snooze(desk, incident)
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=62))
    assert f"wake:{incident.id}" in await audit(desk.store)
    await desk.work()
    assert len(desk.sent(SnoozeDelivery.WOKEN)) == 1


async def test_switched_off_it_asks_nothing(desk: Desk) -> None:
    """A snooze from before neither asks nor alarms."""
    incident = await acknowledged(desk)
    await snooze(desk, incident)
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)
    await desk.pass_time(hours=2)
    assert desk.sent(SnoozeDelivery.WOKEN) == []
    assert await desk.store_of({"snooze": {desk.guild_id}}).requeue_stuck(overdue=timedelta(minutes=1)) == []


async def test_the_command(world: ConsoleWorld) -> None:
    """It answers with the time, `/incident show` says it, and what cannot be read is given back."""
    alert = await alerted(world)
    early = shown(await world.command("incident snooze", by="primary", until="1h", number=1))
    assert "対応中ではありません" in early["content"]
    await world.react(alert, "👀", by="primary")
    await world.acknowledged(1)
    wrong = shown(await world.command("incident snooze", by="primary", until="soon", number=1))
    assert "soon" in wrong["content"]
    done = shown(await world.command("incident snooze", by="primary", until="1h", number=1))
    assert "再び確認します" in done["content"]
    console = words(shown(await world.command("incident show", number=1)))
    assert "に再び確認 (@primary)" in console

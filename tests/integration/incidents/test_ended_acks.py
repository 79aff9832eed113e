"""An acknowledge ends while others act: the incident's lock decides the order, and each order is right."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import asyncpg

from bot.domain.errors import InvalidTransition
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.transitions import AckVia
from bot.services.escalation.release import Silence
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from bot.storage.transaction import Transaction
from tests.by_person import id_of, time_of
from tests.integration.queue.job_world import DEADLINE_S
from tests.integration.storage.examples import GUILD, new_incident
from tests.services.database import Database
from tests.services.desk import PRIMARY, SECONDARY, Desk

_WAITS: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_IS_DUE: Final = """
    WITH announced AS (
        UPDATE deliveries SET data = data || jsonb_build_object('lapses_at', now() - interval '1 second')
         WHERE incident_id = $1 AND data ? 'lapses_at')
    UPDATE incidents SET remind_at = now() - interval '1 second' WHERE id = $1
"""
_PENDING: Final = "SELECT count(*) FROM escalation_steps WHERE incident_id = $1 AND status = 'pending'"
_PAGES: Final = "SELECT count(*) FROM deliveries WHERE incident_id = $1 AND kind = 'page'"


def _desk(pool: asyncpg.Pool) -> Desk:
    """The use cases on PostgreSQL."""
    return Desk(Database(pool), guild_id=GUILD)


async def _about_to_lapse(desk: Desk, pool: asyncpg.Pool) -> Incident:
    """A SEV1 with its ladder, acknowledged, reminded, and silent for too long."""
    incident = await desk.incidents.open(
        replace(new_incident(await desk.own_store.now()), reported_by=PRIMARY)
    )
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.REACTION)
    await pool.execute(_IS_DUE, incident.id)
    await desk.updates.remind(incident.id)
    await pool.execute(_IS_DUE, incident.id)
    return await IncidentRows(desk.own_store.sql).incident(incident.id)


async def _meanwhile(
    desk: Desk,
    pool: asyncpg.Pool,
    incident: Incident,
    act: Awaitable[object],
    *,
    change: Callable[[Transaction, Incident], Awaitable[object]],
) -> object:
    """What comes of *act*, which waits until *incident* is changed."""
    async with asyncio.timeout(DEADLINE_S):
        async with desk.own_store.transaction() as tx:
            locked = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
            acting = asyncio.ensure_future(act)
            while not await pool.fetchval(_WAITS):  # noqa: ASYNC110 -- nobody signals what is waited for
                await asyncio.sleep(0.005)
            await change(tx, locked)
        return await acting


async def test_somebody_joins_while_the_lapse_is_decided(pool: asyncpg.Pool) -> None:
    """If somebody joins while a lapse waits for the lock, the acknowledge does not lapse.

    The count of reminders starts anew, and no step of the ladder becomes pending.
    """
    desk = _desk(pool)
    incident = await _about_to_lapse(desk, pool)

    async def join(tx: Transaction, locked: Incident) -> None:
        await desk.acknowledger.record(tx, locked, by=SECONDARY, via=AckVia.BUTTON)

    await _meanwhile(desk, pool, incident, desk.updates.remind(incident.id), change=join)
    now = await IncidentRows(desk.own_store.sql).incident(incident.id)
    assert (now.status, now.updates.reminders) == (Status.ACKNOWLEDGED, 0)
    assert await pool.fetchval(_PENDING, incident.id) == 0


async def test_somebody_acknowledges_right_after_the_lapse(pool: asyncpg.Pool) -> None:
    """The lapse was first: theirs is an acknowledge, and ends the ladder that has just gone on."""
    desk = _desk(pool)
    incident = await _about_to_lapse(desk, pool)

    async def lapse(tx: Transaction, locked: Incident) -> None:
        await desk.releasing.lapse(tx, locked, now=await tx.now(), silence=Silence())

    acting = desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    await _meanwhile(desk, pool, incident, acting, change=lapse)
    now = await IncidentRows(desk.own_store.sql).incident(incident.id)
    assert now.on_it is not None
    assert (now.status, now.on_it.id) == (Status.ACKNOWLEDGED, SECONDARY.id)
    assert (id_of(now.acknowledged), time_of(now.acknowledged)) == (
        PRIMARY.id,
        time_of(incident.acknowledged),
    )
    assert await pool.fetchval(_PENDING, incident.id) == 0


async def test_two_jobs_decide_one_lapse(pool: asyncpg.Pool) -> None:
    """Of several jobs that decide the same lapse, one applies it and the others do nothing."""
    desk = _desk(pool)
    incident = await _about_to_lapse(desk, pool)
    await asyncio.gather(*(desk.updates.remind(incident.id) for _ in range(4)))
    assert (await IncidentRows(desk.own_store.sql).incident(incident.id)).status is Status.TRIGGERED
    entries = [entry.kind for entry in await TimelineRows(desk.own_store.sql).timeline(incident.id)]
    assert entries.count(entries[-1]) == 1
    assert await pool.fetchval(_PAGES, incident.id) == 2, "primary's at the alert, secondary's now"


async def test_letting_go_twice_at_once_is_done_once(pool: asyncpg.Pool) -> None:
    """The other press is told that they are not on it."""
    desk = _desk(pool)
    incident = await _about_to_lapse(desk, pool)
    presses = (desk.releasing.release(incident.id, by=PRIMARY) for _ in range(4))
    results = await asyncio.gather(*presses, return_exceptions=True)
    assert sum(isinstance(one, InvalidTransition) for one in results) == 3
    assert await pool.fetchval(_PAGES, incident.id) == 2
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'released' AND allowed") == 1


async def test_it_is_resolved_while_the_lapse_is_decided(pool: asyncpg.Pool) -> None:
    """An incident resolved while a lapse is decided stays resolved and has no escalation steps pending."""
    desk = _desk(pool)
    incident = await _about_to_lapse(desk, pool)
    await asyncio.gather(desk.updates.remind(incident.id), desk.lifecycle.resolve(incident.id, by=PRIMARY))
    assert (await IncidentRows(desk.own_store.sql).incident(incident.id)).status is Status.RESOLVED
    assert await pool.fetchval(_PENDING, incident.id) == 0

"""A use case reads through its own transaction: with a pool of one connection it would deadlock."""

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest_asyncio

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, Role
from bot.domain.incident.transitions import AckVia
from bot.services.shared.postings import posting_key
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from tests.integration.storage.examples import GUILD, new_incident, send
from tests.postgres import open_patient_pool
from tests.services.database import Database
from tests.services.desk import PRIMARY, SECONDARY, Desk
from tests.services.privacy.test_privacy import NAMED


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as the bot opens it, as small as can be."""
    pool = await open_patient_pool(database_url, max_size=1)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def desk(pool: asyncpg.Pool) -> Desk:
    """The use cases on PostgreSQL."""
    return Desk(Database(pool), guild_id=GUILD)


async def _opened(desk: Desk, key: str) -> Incident:
    new = replace(new_incident(await desk.own_store.now(), key=key), reported_by=PRIMARY)
    return await desk.incidents.open(new)


async def test_a_private_incident(desk: Desk) -> None:
    """Adding, roles, removal and merging of private incidents need only one connection."""
    one, other = await _opened(desk, "one"), await _opened(desk, "other")
    await desk.acknowledger.acknowledge(one.id, by=PRIMARY, via=AckVia.REACTION)
    for each in (one, other):
        await desk.privacy.make_private(each.id, by=PRIMARY)
    await desk.privacy.add(other.id, who=NAMED, by=PRIMARY, key="add")
    await desk.roles.give(other.id, Role.SCRIBE, to=replace(SECONDARY, id=9), by=PRIMARY)
    assert await desk.removals.remove(other.id, who=NAMED, by=PRIMARY, key="out")
    await desk.merging.merge(one.id, into=other.id, by=PRIMARY)
    assert [who.id for who in await AcknowledgementRows(desk.own_store.sql).responders(other.id)] == [
        PRIMARY.id
    ]


async def test_a_thread_that_is_gone(desk: Desk) -> None:
    """A private incident's thread that is gone is made anew, with a single connection to the database."""
    incident = await _opened(desk, "one")
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    key = posting_key(incident.id, DeliveryKind.PRIVATE_THREAD, 2)
    thread = await DeliveryRows(desk.own_store.sql).delivery_by_key(key)
    assert thread is not None
    await send(desk.own_store, thread.id, message_id=77)
    await desk.reposting.thread_gone(77)
    assert (await IncidentRows(desk.own_store.sql).incident(incident.id)).thread.posting == 3
    anew = await DeliveryRows(desk.own_store.sql).delivery_by_key(
        posting_key(incident.id, DeliveryKind.PRIVATE_THREAD, 3)
    )
    assert anew is not None
    assert anew.status is DeliveryStatus.PENDING

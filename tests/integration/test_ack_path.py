"""How far it is from a 👀 to the commit of its acknowledge: each statement is a round trip."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from bot.domain.delivery import DeliveryKind
from bot.domain.life import AckVia
from bot.domain.people import Person
from bot.services.access import Access
from bot.services.acknowledging import Acknowledger
from bot.services.oncall import OnCall
from bot.storage.pools import open_pool
from bot.storage.store import PostgresStore
from tests.contract.examples import GUILD, delivery_ids, open_incident, owed, send
from tests.unit.ui.samples import POLICY

_BY = Person(id=5, name="responder", roles=frozenset({"SRE", "on-call"}), is_admin=True)
_MESSAGE = 900

#: The lookup; BEGIN, lock and responder, time, all that the acknowledge writes, jobs, COMMIT.
_ROUND_TRIPS = 7
#: Where others are served, how much each has waiting in the queue.
_ROUND_TRIPS_SHARED = 8


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as the bot opens it, of one connection."""
    pool = await open_pool(database_url, max_size=1)
    yield pool
    await pool.close()


async def _said_by(pool: asyncpg.Pool) -> list[str]:
    """What is said to the database from now on."""
    said = list[str]()
    async with pool.acquire() as connection:
        connection.add_query_logger(lambda record: said.append(record.query))
    return said


@pytest.mark.parametrize(("is_shared", "round_trips"), [(False, _ROUND_TRIPS), (True, _ROUND_TRIPS_SHARED)])
async def test_from_the_reaction_to_the_commit(pool: asyncpg.Pool, is_shared: bool, round_trips: int) -> None:
    """One lookup, one transaction."""
    store = PostgresStore(pool, guild_id=GUILD, is_shared=is_shared)
    incident = await open_incident(store)
    [alert] = await delivery_ids(store, owed(DeliveryKind.ALERT, incident=incident.id))
    await send(store, alert, message_id=_MESSAGE)
    acknowledger = Acknowledger(store, POLICY, Access(store, POLICY, OnCall(store, POLICY)))
    said = await _said_by(pool)
    places = await acknowledger.places(_MESSAGE, is_new=True)
    await acknowledger.acknowledge_each(places, by=_BY, via=AckVia.REACTION)
    assert said[-1] == "COMMIT"
    assert len(said) == round_trips, "\n".join(said)

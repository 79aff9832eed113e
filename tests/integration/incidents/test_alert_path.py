"""Count the round trips to PostgreSQL from a report to its alert, and from a deadline to the page."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from tests.postgres import open_patient_pool
from tests.services.database import Database
from tests.services.desk import Desk

#: BEGIN, the time, the incident, who is on call, all that is added, its jobs, what is mirrored, COMMIT.
_OPENING = 8
#: A look at the delivery; its incident, which is read beside it; who is on call is asked by the words.
_SENDING = 3
#: When it is due, beside whether anybody is waited for; the time, beside what is put off; what is due; where
#: its reactions are (two, and known before as a rule); BEGIN, the locks, the ladders, who was told, who is on
#: call, the end of the steps, all that is added, its jobs, COMMIT.
_DECIDING = 16
#: What asyncpg asks once per connection.
_OWN = ("current_setting('jit')", "typeinfo_tree")
_PENDING = "SELECT id FROM deliveries WHERE status = 'pending' AND kind = $1 ORDER BY id"
_DUE = "UPDATE escalation_steps SET due_at = now() WHERE index = $1"


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as the bot opens it, of one connection."""
    pool = await open_patient_pool(database_url, max_size=1)
    yield pool
    await pool.close()


def _on(pool: asyncpg.Pool) -> Desk:
    """The use cases on PostgreSQL."""
    return Desk(Database(pool))


async def _said_by(pool: asyncpg.Pool) -> list[str]:
    """What is said to the database from now on."""
    said = list[str]()

    def note(record: asyncpg.connection.LoggedQuery) -> None:
        if not any(own in record.query for own in _OWN):
            said.append(record.query)

    async with pool.acquire() as connection:
        connection.add_query_logger(note)
    return said


def _until_begun(said: list[str]) -> list[str]:
    """The statements up to the beginning of an attempt."""
    return said[: 1 + next(number for number, one in enumerate(said) if "SET status = 'sending'" in one)]


def _in_short(said: list[str]) -> str:
    return "\n".join(" ".join(one.split())[:110] for one in said)


async def test_from_the_report_to_the_alert(pool: asyncpg.Pool) -> None:
    """Eight, the queue's look at what is due, and those of the post: twelve, as two of them are at once."""
    desk = _on(pool)
    said = await _said_by(pool)
    await desk.open()
    assert said[-1] == "COMMIT"
    assert len(said) == _OPENING, _in_short(said)
    [alert] = await pool.fetch(_PENDING, "alert")
    said.clear()
    await desk.deliveries.deliver(alert["id"])
    assert len(_until_begun(said)) == _SENDING, _in_short(said)


async def test_from_the_deadline_to_what_rings(pool: asyncpg.Pool) -> None:
    """Sixteen, four of them beside others; then as for the alert, and the ladder is looked at."""
    desk = _on(pool)
    incident = await desk.open()
    await pool.execute(_DUE, 1)
    said = await _said_by(pool)
    await desk.due_steps.decide(incident.id, 1)
    decided = said[: said.index("COMMIT") + 1]
    assert len(decided) == _DECIDING, _in_short(decided)
    [rung] = await pool.fetch(_PENDING, "escalation")
    said.clear()
    await desk.deliveries.deliver(rung["id"])
    assert len(_until_begun(said)) == _SENDING + 1, _in_short(said)

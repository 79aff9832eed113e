"""Count the round trips to the DLQ's database: it may be another team's, behind a pooler."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from bot.domain.dlq import Cursor, DlqFilter, DlqView
from bot.domain.errors import UserError
from bot.storage.database.pools import open_dlq_pool
from bot.storage.dlq.store import PostgresDlqStore
from bot.storage.dlq.transactions import DlqSql
from tests.integration.dlq.tables import RUNBOOK
from tests.pg_proxy import PgProxy, Session
from tests.postgres import connect

#: BEGIN with all settings; the query, which asyncpg has described before it runs it; COMMIT.
_ROUND_TRIPS: Final = 4

_TIMEOUT: Final = DlqFilter(text="timeout")
_LATEST: Final = Cursor(datetime(9999, 1, 1, tzinfo=UTC), "00000000-0000-0000-0000-000000000000")
_OLDEST: Final = Cursor(datetime(2000, 1, 1, tzinfo=UTC), "00000000-0000-0000-0000-000000000000")


@pytest_asyncio.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner of a table with three failures."""
    connection = await connect(database_url)
    await connection.execute(RUNBOOK.made_by)
    for minutes in (1, 2, 3):
        await connection.fetchval(RUNBOOK.lose, f"timeout {minutes}", minutes)
    yield connection
    await connection.close()


@dataclass(frozen=True, slots=True)
class Rig:
    """A store that knows the table's shape, its one connection, and the table's owner."""

    dlq: PostgresDlqStore
    session: Session
    owner: asyncpg.Connection


@pytest_asyncio.fixture
async def rig(database_url: str, owner: asyncpg.Connection) -> AsyncIterator[Rig]:
    """The store reaches its database by a proxy, which counts."""
    async with PgProxy(database_url).running() as proxy:
        pool = await open_dlq_pool(proxy.dsn())
        store = PostgresDlqStore(pool, RUNBOOK.table)
        await store.report()
        [session] = proxy.sessions
        yield Rig(store, session, owner)
        await pool.close()


@pytest.mark.parametrize(
    "view",
    [
        DlqView(),
        DlqView(DlqFilter(channel="p0-alerts", http_status=503)),
        DlqView(_TIMEOUT),
        DlqView(cursor=_LATEST),
        DlqView(_TIMEOUT, _LATEST),
        DlqView(cursor=Cursor(_OLDEST.at, _OLDEST.id, is_newer=True)),
    ],
)
async def test_a_page_with_its_number(rig: Rig, view: DlqView) -> None:
    """A page and its total take four round trips; taking a connection and giving it back costs none."""
    before = rig.session.round_trips
    page = await rig.dlq.page(view, size=2)
    assert (len(page.entries), page.total) == (2, 3)
    assert rig.session.round_trips - before == _ROUND_TRIPS


async def test_a_page_in_the_middle_has_the_number_of_the_whole_list(rig: Rig) -> None:
    """Each page, turned to in either direction, has the number of entries of the whole list."""
    first = await rig.dlq.page(DlqView(), size=1)
    second = await rig.dlq.page(DlqView(cursor=first.older), size=1)
    third = await rig.dlq.page(DlqView(cursor=second.older), size=1)
    again = await rig.dlq.page(DlqView(cursor=third.newer), size=1)
    assert [page.total for page in (first, second, third, again)] == [3] * 4
    assert again.entries == second.entries


async def test_the_other_questions(rig: Rig) -> None:
    """The most severe, the HTTP statuses, one entry and an id by its end take one query each."""
    [entry] = (await rig.dlq.page(DlqView(), size=1)).entries
    before = rig.session.round_trips
    assert (await rig.dlq.most_severe(limit=9)).entries
    assert (await rig.dlq.http_statuses(hours=1)).counts
    assert (await rig.dlq.entry(entry.id)).title == entry.title
    assert await rig.dlq.named(entry.id[-6:], hours=1) == [entry.id]
    assert rig.session.round_trips - before == 4 * _ROUND_TRIPS


async def test_an_id_in_full_width_signs_is_found(rig: Rig) -> None:
    """An id, or its end, is found in the signs that a Japanese keyboard may give."""
    [entry] = (await rig.dlq.page(DlqView(), size=1)).entries
    wide = {ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789abcdef-"}
    for typed in (entry.id, entry.id[-6:]):
        assert await rig.dlq.named(typed.translate(wide), hours=1) == [entry.id]


async def test_what_no_entry_can_be_called_is_not_asked(rig: Rig) -> None:
    """An id that no entry can have is refused without a round trip: not even a transaction begins."""
    before = rig.session.round_trips
    with pytest.raises(UserError):
        await rig.dlq.entry("no uuid")
    assert rig.session.round_trips == before


async def test_an_empty_page_knows_the_number_of_the_list(rig: Rig) -> None:
    """The last page may have been emptied since; one that begins before it has a row to carry the number."""
    page = await rig.dlq.page(DlqView(cursor=_OLDEST), size=2)
    assert (page.entries, page.total) == ((), 3)


async def test_an_attempt_leaves_the_transaction_its_limit(rig: Rig) -> None:
    """The time limit of a transaction is unchanged after an attempt that takes too long or succeeds."""
    async with rig.dlq._question(within_s=7) as sql:
        async with rig.owner.transaction():
            await rig.owner.execute("LOCK ours.notification_failures IN ACCESS EXCLUSIVE MODE")
            assert await sql.attempt("list_failures", {}, within_s=0.3, limit=1) is None
        assert await _limit(sql) == timedelta(seconds=7)
        counts = await sql.attempt("count_failures", {}, within_s=0.3, at_most=2)
        assert counts is not None
        assert counts[0]["total"] == 2
        assert await _limit(sql) == timedelta(seconds=7)


async def _limit(sql: DlqSql) -> timedelta:
    query = "SELECT current_setting('statement_timeout')::interval AS limit"
    limit: timedelta = (await sql._transaction.fetch(query))[0]["limit"]
    return limit

"""`/dlq` over five tables that other teams made: it shows what they have, and says what they lack."""

import ast
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

import bot
from bot.domain.dlq import (
    DlqColumn,
    DlqFilter,
    DlqMisfit,
    DlqTable,
    DlqView,
    Misfit,
    NewFailure,
    StatusCount,
    is_ours,
)
from bot.domain.errors import UserError
from bot.storage.database.pools import open_dlq_pool
from bot.storage.dlq.composing import OF_CHANNEL, DlqQueries
from bot.storage.dlq.layout import finds_endings
from bot.storage.dlq.store import PostgresDlqStore
from cogs.dlq.rules import short_id
from tests.integration.dlq.tables import RUNBOOK, TABLES, VIEWED, TheirTable
from tests.postgres import connect

FAILURE = UUID("12345678-1234-4234-8234-123456789abc")


class Rig:
    """Another owner's table, and the bot's store that uses it."""

    def __init__(self, theirs: TheirTable, owner: asyncpg.Connection, pool: asyncpg.Pool) -> None:
        self.theirs = theirs
        self.owner = owner
        self.dlq = PostgresDlqStore(pool, theirs.table)

    async def lose(self, title: str, *, minutes_ago: int = 5, sign: str = "") -> str:
        """Insert a failure as their program does, its channel stored with this sign, and return its id."""
        statement = self.theirs.lose.replace("'p0-alerts'", f"'{sign}p0-alerts'")
        found: str = await self.owner.fetchval(statement, title, minutes_ago)
        return found

    def has(self, column: DlqColumn) -> bool:
        """Return True if the bot can read *column*."""
        return column not in self.theirs.missing


@pytest_asyncio.fixture(params=TABLES.values(), ids=TABLES)
async def rig(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Rig]:
    """One after the other."""
    theirs: TheirTable = request.param
    owner = await connect(database_url)
    await owner.execute(theirs.made_by)
    pool = await open_dlq_pool(database_url)
    if theirs.role is not None:
        await pool.close()
        pool = await asyncpg.create_pool(database_url, user=theirs.role, min_size=0, statement_cache_size=0)
    yield Rig(theirs, owner, pool)
    await pool.close()
    await owner.close()


async def test_the_three_questions(rig: Rig) -> None:
    """Newest first; by their words for the highest severity and for a notification that was given up."""
    old, new = await rig.lose("検索が遅い", minutes_ago=50), await rig.lose("決済 API が 5xx")
    await rig.lose("一昨日", minutes_ago=60 * 49)
    page = await rig.dlq.page(DlqView(), size=10)
    assert [(entry.id, entry.title) for entry in page.entries] == [
        (new, "決済 API が 5xx"),
        (old, "検索が遅い"),
    ]
    assert page.missing == rig.theirs.missing
    mailed = await rig.dlq.most_severe(limit=10)
    assert len(mailed.entries) == (3 if rig.has(DlqColumn.SEVERITY) else 0)
    status = 503 if rig.has(DlqColumn.HTTP_STATUS) else None
    assert (await rig.dlq.http_statuses(hours=1)).counts == (StatusCount(status, 2),)


async def test_one_entry_by_its_id_and_by_its_end(rig: Rig) -> None:
    """A DLQ entry is found by its id and by the id's end.

    The entry has its payload if the table has one, and the columns that the policy does not name.
    """
    key = await rig.lose("決済 API が 5xx")
    assert await rig.dlq.named(key, hours=1) == [key]
    if len(key) > 4:
        assert await rig.dlq.named(short_id(key), hours=1) == [key]
    entry = await rig.dlq.entry(key)
    assert entry.payload == ({"content": "決済"} if rig.has(DlqColumn.PAYLOAD) else None)
    more = {"ours": [("trace_id", "trace-1")], "store": [("region", "ap-northeast-1")]}
    assert list(entry.extra) == more.get(rig.theirs.table.schema, [])


@pytest.mark.parametrize("typed", ["0", "'; DROP TABLE x; --", "9" * 40, "a\0b", "-1", str(UUID(int=7))])
async def test_what_is_no_id_of_it(rig: Rig, typed: str) -> None:
    """Text that is no id of an entry finds none, whatever the type of the table's ids."""
    assert await rig.dlq.named(typed, hours=1) == []
    with pytest.raises(UserError, match="dlq_entry_not_found"):
        await rig.dlq.entry(typed)


async def test_filters_that_the_table_cannot_fulfil_find_nothing(rig: Rig) -> None:
    """A filter by a value that the enum lacks, or by a column that the table lacks, matches no entry."""
    await rig.lose("決済 API が 5xx")
    for asked in (DlqFilter(severity="no such"), DlqFilter(channel="no-such")):
        assert (await rig.dlq.page(DlqView(asked), size=10)).total == 0
    found = await rig.dlq.page(DlqView(DlqFilter(channel="p0-alerts")), size=10)
    assert found.total == (1 if rig.has(DlqColumn.CHANNEL) else 0)


async def test_a_channel_is_found_whether_or_not_it_is_stored_with_its_sign(rig: Rig) -> None:
    """A filter for a channel finds entries stored with and without the `#`, in one list in its order.

    This holds for pages in both directions, oldest first, for a file and for the digest.
    """
    lost = [await rig.lose(f"{n}", minutes_ago=n, sign="#" if n % 2 else "") for n in range(1, 6)]
    asked = DlqFilter(channel="p0-alerts")
    expected = lost if rig.has(DlqColumn.CHANNEL) else []
    pages = [await rig.dlq.page(DlqView(asked), size=2)]
    while (after := pages[-1].older) is not None:
        pages.append(await rig.dlq.page(DlqView(asked, after), size=2))
    assert [entry.id for page in pages for entry in page.entries] == expected
    assert {page.total for page in pages} == {len(expected)}
    if (before := pages[-1].newer) is not None:
        back = await rig.dlq.page(DlqView(asked, before), size=2)
        assert [entry.id for entry in back.entries] == lost[2:4]
    matching = await rig.dlq.matching(asked, limit=9, longest=999)
    assert [entry.id for entry in matching] == expected[::-1]
    assert len(await rig.dlq.export(asked, after=None, size=9, longest=999)) == len(expected)
    assert (await rig.dlq.page(DlqView(DlqFilter(channel="alerts")), size=9)).total == 0
    assert (await rig.dlq.page(DlqView(DlqFilter(channel="p0-alerts", text="4")), size=9)).total == len(
        expected[:1]
    )
    end = await rig.owner.fetchval("SELECT now()")
    counts = await rig.dlq.counts(end - timedelta(hours=1), end)
    assert counts.by_channel == (("p0-alerts" if expected else "?", 5),)


async def test_our_own_failure_is_written_once_as_far_as_it_fits(rig: Rig) -> None:
    """The bot's own failure, recorded twice, is one row, with its title cut to what the column takes.

    The row has an id that no sequence gives, and can be found, changed and emptied.
    """
    now = await rig.owner.fetchval("SELECT now()")
    long = "長" * 100
    failure = NewFailure(FAILURE, now, "p0-alerts", "P1", long, 503, 5, long, True, {"content": "a\0b"})
    for _ in range(2):
        await rig.dlq.record(failure)
    page = await rig.dlq.page(DlqView(), size=10)
    assert len(page.entries) == (1 if rig.theirs.records else 0)
    for entry in page.entries:
        assert is_ours(entry.id, FAILURE)
        assert entry.title is not None
        assert long.startswith(entry.title)
        await rig.dlq.redact([FAILURE], title="INC-42")
        told = await rig.dlq.entry(entry.id)
        assert (told.title, told.payload) == ("INC-42", {} if rig.has(DlqColumn.PAYLOAD) else None)


async def test_counts_for_the_digest(rig: Rig) -> None:
    """The digest's counts are per channel, with the failed P0, as far as the table has these columns."""
    await rig.lose("決済 API が 5xx", minutes_ago=90)
    start = await rig.owner.fetchval("SELECT now() - interval '2 hours'")
    end = await rig.owner.fetchval("SELECT now() - interval '1 hour'")
    counts = await rig.dlq.counts(start, end)
    channel = "p0-alerts" if rig.has(DlqColumn.CHANNEL) else "?"
    assert (counts.total, counts.by_channel) == (1, ((channel, 1),))
    assert counts.p0_failed == (1 if rig.has(DlqColumn.SEVERITY) else 0)


async def test_doctor_learns_what_is_off(rig: Rig) -> None:
    """The report on a DLQ table lists its missing columns, without those that the policy gives up.

    The report also says whether the bot can record its own failures in the table.
    """
    report = await rig.dlq.report()
    given_up = {column for column in DlqColumn if rig.theirs.table.named(column) is None}
    assert report.misfit is None
    assert frozenset(report.missing) == rig.theirs.missing - given_up
    assert (report.unrecorded is None) is rig.theirs.records


async def test_every_query_of_the_file_fits(rig: Rig) -> None:
    """Each query of the DLQ's file can be prepared on each table, with the conditions of rare cases, too.

    Each query's name is mentioned in a module.
    """
    async with rig.dlq._question() as sql:
        questions = DlqQueries(sql.layout)
        file = (Path(bot.__path__[0]) / "storage/dlq/dlq.sql").read_text()
        names = set(re.findall(r"^-- name: (\w+)", file, re.MULTILINE))
        parts = set(
            re.findall(
                r"^-- part: (of_\w+|with_text|unanswered|\w+_than|lately|since|before|dated)",
                file,
                re.MULTILINE,
            )
        )
        parts.add(OF_CHANNEL)  # instead of a condition, another source
        writes = {"record_failure", "renew_failure", "redact_failures"}
        for name in names - (set() if rig.theirs.records else writes):
            for conditions in (parts, parts - {OF_CHANNEL}):
                await rig.owner.prepare(questions.query(name, conditions).text)
    sources = (Path(bot.__path__[0]) / "storage/dlq").glob("*.py")
    nodes = [node for source in sources for node in ast.walk(ast.parse(source.read_text()))]
    mentioned = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert names - mentioned == set()


async def test_the_suggested_indexes_can_be_made_and_serve(rig: Rig) -> None:
    """The suggested indexes can be made; then none is missing, and an id is found by its end.

    None is suggested for a view.
    """
    key = (await rig.lose("決済 API が 5xx")).rjust(4, "0")
    suggested = (await rig.dlq.report()).indexes
    narrowing = (DlqColumn.SEVERITY, DlqColumn.CHANNEL, DlqColumn.STATUS, DlqColumn.HTTP_STATUS)
    wanted = 2 + sum(rig.has(column) for column in narrowing)
    assert len(suggested) == (0 if rig.theirs.role else wanted)
    for statement in suggested:
        await rig.owner.execute(statement)
    assert (await rig.dlq.report()).indexes == ()
    async with rig.dlq._question() as sql:
        assert finds_endings(sql.layout) is (rig.theirs.role is None)
    for number in range(4):
        await rig.lose(f"検索が遅い {number}")
    found = await rig.dlq.ending_in(key[-4:], hours=1, limit=9)
    assert [entry.title for entry in found] == (["決済 API が 5xx"] if len(key) > 4 else [])


async def test_a_text_is_indexed_where_there_are_many(database_url: str) -> None:
    """For a table with many rows a trigram index for text is suggested, and the extension that it needs."""
    owner = await connect(database_url)
    await owner.execute(RUNBOOK.made_by)
    pool = await open_dlq_pool(database_url)
    dlq = PostgresDlqStore(pool, RUNBOOK.table)
    await owner.execute(
        "UPDATE pg_class SET reltuples = 1e7 WHERE oid = 'ours.notification_failures'::regclass"
    )
    *_, extension, index = (await dlq.report()).indexes
    assert (extension, "gin_trgm_ops" in index) == ("CREATE EXTENSION pg_trgm;", True)
    await pool.close()
    await owner.close()


async def test_a_column_that_comes_later_is_used(database_url: str) -> None:
    """One that goes is an error once: the next question knows of it."""
    owner = await connect(database_url)
    await owner.execute(RUNBOOK.made_by)
    pool = await open_dlq_pool(database_url)
    dlq = PostgresDlqStore(pool, RUNBOOK.table)
    await owner.fetchval(RUNBOOK.lose, "a", 1)
    assert (await dlq.page(DlqView(), size=9)).missing == frozenset()
    await owner.execute("ALTER TABLE ours.notification_failures DROP COLUMN http_status")
    with pytest.raises(Exception, match="the DLQ"):
        await dlq.page(DlqView(), size=9)
    page = await dlq.page(DlqView(), size=9)
    assert (page.missing, page.entries[0].http_status) == (frozenset({DlqColumn.HTTP_STATUS}), None)
    await pool.close()
    await owner.close()


@pytest.mark.parametrize(
    ("made_by", "misfit", "concerned"),
    [
        ("SELECT 1", Misfit.NO_TABLE, ()),
        ("CREATE TABLE public.x (id uuid)", Misfit.NO_COLUMN, ("attempted_at",)),
        ("CREATE TABLE public.x (id json, attempted_at date)", Misfit.WRONG_TYPE, ("id", "attempted_at")),
    ],
)
async def test_a_table_that_cannot_be_read_says_why(
    database_url: str, made_by: str, misfit: Misfit, concerned: tuple[str, ...]
) -> None:
    """A table that cannot be read is reported with the reason and with the columns that are concerned."""
    owner = await connect(database_url)
    await owner.execute(made_by)
    await owner.close()
    pool = await open_dlq_pool(database_url)
    with pytest.raises(DlqMisfit) as caught:
        await PostgresDlqStore(pool, DlqTable("public", "x")).most_severe(limit=1)
    assert (caught.value.report.misfit, caught.value.report.concerned) == (misfit, concerned)
    await pool.close()


@pytest.mark.parametrize("granted", ["SELECT 1", "GRANT SELECT ON store.failures TO dlq_reader"])
async def test_a_table_that_may_not_be_read_says_so(database_url: str, granted: str) -> None:
    """A table without the permission to read it, or without the one for its schema, is reported as such."""
    owner = await connect(database_url)
    await owner.execute(VIEWED.made_by)
    await owner.execute(
        "REVOKE ALL ON store.failures FROM dlq_reader; REVOKE ALL ON SCHEMA store FROM dlq_reader"
    )
    await owner.execute(granted)
    pool = await asyncpg.create_pool(database_url, user="dlq_reader", min_size=0, statement_cache_size=0)
    with pytest.raises(DlqMisfit) as caught:
        await PostgresDlqStore(pool, VIEWED.table).most_severe(limit=1)
    assert caught.value.report.misfit is Misfit.NO_PERMISSION
    await pool.close()
    await owner.close()


async def test_a_page_comes_without_a_number_if_counting_takes_too_long(database_url: str) -> None:
    """A DLQ page, also the second or a filtered one, comes without a total if counting takes too long."""
    owner = await connect(database_url)
    await owner.execute(RUNBOOK.made_by)
    await owner.execute(
        "CREATE VIEW ours.slow AS SELECT * FROM ours.notification_failures WHERE pg_sleep(0.05) IS NOT NULL"
    )
    for minutes in range(1, 13):
        await owner.fetchval(RUNBOOK.lose, f"{minutes}", minutes)
    pool = await open_dlq_pool(database_url)
    dlq = PostgresDlqStore(pool, DlqTable("ours", "slow"))
    first = await dlq.page(DlqView(), size=2)
    assert ([entry.title for entry in first.entries], first.total) == (["1", "2"], None)
    second = await dlq.page(DlqView(cursor=first.older), size=2)
    assert ([entry.title for entry in second.entries], second.total) == (["3", "4"], None)
    found = await dlq.page(DlqView(DlqFilter(text="1")), size=9)
    assert ([entry.title for entry in found.entries], found.total) == (["1", "10", "11", "12"], None)
    await pool.close()
    await owner.close()

"""Rows 58 to 60: PostgreSQL accepts writes, but the work does not get done."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.storage.database import migrate as migrations
from bot.storage.database.migrate import migrate, migrations_dir
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.behind import behind
from tests.faults.stage.stage import Stage
from tests.pg_proxy import Refusal, Session
from tests.postgres import connect

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-stuck")]

_AHEAD_S = 60.0
_LATE_S = 5.0
_CHANGE = "9999_of_row_60"

_WAITS = """
SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
 WHERE datname = current_database() AND mode = 'AccessExclusiveLock' AND NOT granted
"""

#: What only the queue's own connections say.
_OF_THE_QUEUE = ("LISTEN", "queue_manager_id")


async def test_row_58_the_queue_has_no_connection(open_stage: OpenStage, figure: Figure) -> None:
    """A due P0 and a new P0 both reach people while the queue has no connection, and /readyz is red."""
    async with behind(open_stage) as there:
        stage, old, new = there.stage, "行58 期限が来る", "行58 あとから"
        await there.start_bot()
        stage.world.expect_log("jobs.silent")
        alert = await stage.sev1(old)
        due = await stage.reach_deadline(alert.number, ahead_s=_AHEAD_S)
        await stage.mirrored(old)
        there.proxy.refuse_statement = lambda text: Refusal("53300") if _is_the_queues(text) else None
        there.proxy.break_all(_listens)
        said = await there.red("jobs")
        answer = await stage.world.command("sev1", title=new)
        assert "発報しました" in answer.text
        number = await stage.number(new)
        await stage.until(lambda: stage.alerts(number), "the new one's alert")
        await stage.until(lambda: stage.pages(number, "primary"), "the new one's page")
        await stage.skip_until(due)
        [rung] = await stage.escalated(alert.number)
        there.proxy.refuse_statement = lambda _text: None
        await there.well()
        await stage.world.idle()
        assert [post.id for post in stage.escalations(alert.number)] == [rung.id]
        assert (len(stage.alerts(number)), len(stage.pages(number, "primary"))) == (1, 1)
        late_s = (rung.at - due).total_seconds()
        assert late_s < _LATE_S
        figure(f"rung {late_s:.1f} s after its deadline; jobs: {said}")


async def test_row_59_a_table_is_locked(open_stage: OpenStage, figure: Figure) -> None:
    """A deadline that passes while a table is locked escalates in time, and once.

    All tables at the same time: each bot does little but wait for its own database.
    """
    async with asyncio.TaskGroup() as tables:
        for table in ("pgqueuer", "incidents", "deliveries", "escalation_steps"):
            tables.create_task(_passes_while_locked(open_stage, figure, table))


async def _passes_while_locked(open_stage: OpenStage, figure: Figure, table: str) -> None:
    async with behind(open_stage) as there:
        stage, title = there.stage, f"行59 {table.replace('_', ' ')}"
        await there.start_bot()
        stage.world.expect_log("database.not_writable", "jobs.silent")
        alert = await stage.sev1(title)
        due = await stage.reach_deadline(alert.number, ahead_s=_AHEAD_S)
        await stage.mirrored(title)
        async with _locked(stage, table):
            said = await there.red("database")
            await stage.skip_until(due)
            [rung] = await stage.escalated(alert.number)
        await there.well()
        await stage.world.idle()
        assert [post.id for post in stage.escalations(alert.number)] == [rung.id]
        late_s = (rung.at - due).total_seconds()
        assert late_s < _LATE_S
        figure(f"{table}: rung {late_s:.1f} s after its deadline; database: {said}")


async def test_row_60_a_migration_beside_a_long_reader(
    open_stage: OpenStage, figure: Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration waits for a backup that reads the table, and no other query waits behind it."""
    async with behind(open_stage) as there:
        stage, title = there.stage, "行60 移行と期限"
        await there.start_bot()
        alert = await stage.sev1(title)
        _add_migration(tmp_path, monkeypatch)
        async with stage.world.database() as reader:
            await reader.execute("BEGIN; SELECT FROM incidents, escalation_steps LIMIT 1")
            migrating = asyncio.create_task(asyncio.to_thread(migrate, stage.world.database_url))
            await stage.until(lambda: stage.world.rows(_WAITS), "it waits for the reader")
            due = await stage.reach_deadline(alert.number)
            [rung] = await stage.escalated(alert.number)
            assert not migrating.done(), "it waits for as long as somebody reads"
            await reader.execute("ROLLBACK")
            assert await migrating == [_CHANGE]
        late_s = (rung.at - due).total_seconds()
        assert late_s < _LATE_S
        assert not [entry for entry in stage.world.bot.entries() if entry["event"] == "database.not_writable"]
        figure(f"rung {late_s:.1f} s after its deadline, then migrated")


def _add_migration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than there are, as a newer version has it."""
    for file in migrations_dir().glob("*.sql"):
        shutil.copy(file, folder)
    tables = ("incidents", "escalation_steps")
    change = "\n".join(f"ALTER TABLE {table} ADD COLUMN of_row_60 int;" for table in tables)
    (folder / f"{_CHANGE}.sql").write_text(f"-- migrate:up\n{change}\n-- migrate:down\n")
    monkeypatch.setattr(migrations, "migrations_dir", lambda: folder)


@asynccontextmanager
async def _locked(stage: Stage, table: str) -> AsyncIterator[None]:
    connection = await connect(stage.world.database_url)
    await connection.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        await connection.close()


def _is_the_queues(text: str) -> bool:
    return any(word in text for word in _OF_THE_QUEUE)


def _listens(session: Session) -> bool:
    return any(map(_is_the_queues, session.statements))

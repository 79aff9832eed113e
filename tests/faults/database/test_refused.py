"""Rows 55 to 57: PostgreSQL, or a pooler in front of it, refuses connections."""

import asyncio
from collections import Counter

import pytest

from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.behind import Behind, behind
from tests.faults.stage.stage import Stage
from tests.patience import PATIENCE_S
from tests.pg_proxy import Refusal
from tests.postgres import connect

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-refused")]

#: Of Supabase's session pooler.
_POOL_SIZE = 15

_SETTING = {"DATABASE_CONNECTIONS": "7"}

_AHEAD_S = 7.0
_LATE_S = 5.0
_NOT_WRITABLE = "database.not_writable"
_STARTED_WITHOUT = "database.started_without"


async def test_row_55_a_pooler_refuses(open_stage: OpenStage, figure: Figure) -> None:
    """A P0 is escalated at its deadline while a bot runs without connections, or is started without any.

    Both at the same time: each bot does little but wait for its own database.
    """
    async with asyncio.TaskGroup() as moments:
        moments.create_task(_refused_while_it_runs(open_stage, figure))
        moments.create_task(_refused_at_the_start(open_stage, figure))


async def _refused_while_it_runs(open_stage: OpenStage, figure: Figure) -> None:
    """The bot survives refused connections across a deadline, escalates, and recovers."""
    async with behind(open_stage) as there:
        stage, bot = there.stage, await there.start_bot()
        stage.world.expect_log(_NOT_WRITABLE)
        alert = await stage.sev1("行55 接続を拒まれる")
        due = await stage.reach_deadline(alert.number, ahead_s=_AHEAD_S)
        await stage.mirrored("行55 接続を拒まれる")
        await _refused(there)
        said = await there.red("database")
        [rung] = await stage.escalated(alert.number, within_s=2 * _AHEAD_S)
        there.proxy.refuse = lambda _startup: None
        await there.well()
        await stage.world.idle()
        assert bot.child.is_running
        assert [post.id for post in stage.escalations(alert.number)] == [rung.id]
        assert _errors(stage)[_NOT_WRITABLE] == 1, "told, and no flood"
        await stage.sev1("行55 また書ける")
        late_s = (rung.at - due).total_seconds()
        assert late_s < _LATE_S
        figure(f"1 ring {late_s:.1f} s after its deadline, the process lived; database: {said}")


async def _refused_at_the_start(open_stage: OpenStage, figure: Figure) -> None:
    """A bot started while connections are refused escalates a known deadline, and recovers."""
    async with behind(open_stage) as there:
        stage = there.stage
        await there.start_bot()
        stage.world.expect_log(_NOT_WRITABLE, _STARTED_WITHOUT)
        alert = await stage.sev1("行55 起動できない")
        due = await stage.reach_deadline(alert.number, ahead_s=_AHEAD_S)
        await stage.mirrored("行55 起動できない")
        await stage.world.stop_bot()
        there.proxy.refuse = lambda _startup: Refusal()
        bot = await there.begin_bot()
        [rung] = await stage.escalated(alert.number, within_s=2 * _AHEAD_S)
        there.proxy.refuse = lambda _startup: None
        await bot.child.wait_until_ready(within_s=PATIENCE_S)
        await there.well()
        await stage.world.idle()
        assert [post.id for post in stage.escalations(alert.number)] == [rung.id]
        late_s = (rung.at - due).total_seconds()
        assert late_s < _LATE_S
        figure(f"1 ring {late_s:.1f} s after its deadline, then ready")


async def test_row_56_two_bots_at_a_limit_of_fifteen(open_stage: OpenStage, figure: Figure) -> None:
    """Two bots work at a limit of 15 connections with the setting that the README names."""
    async with behind(open_stage) as there:
        there.proxy.limit = _POOL_SIZE
        stage, first = there.stage, await there.start_bot(**_SETTING)
        second = await there.start_bot(**_SETTING)
        alerts = [await stage.sev1(f"行56 {number} 件目") for number in range(3)]
        await there.well(first)
        await there.well(second)
        await stage.reach_deadline(alerts[0].number)
        for alert in alerts:
            await stage.escalated(alert.number)
        [row] = await stage.world.rows(
            "SELECT count(*) AS due FROM pgqueuer WHERE status = 'queued' AND execute_after < now()"
        )
        assert there.proxy.most <= _POOL_SIZE
        figure(f"{there.proxy.most} connections at most, {row['due']} jobs waiting")


async def test_row_57_the_tables_are_not_ours(open_stage: OpenStage, figure: Figure) -> None:
    """The bot escalates while the schema is renamed or the right revoked, and recovers; both at once."""
    async with asyncio.TaskGroup() as taken:
        for what in _TAKEN:
            taken.create_task(_works_without(open_stage, figure, what))


async def _works_without(open_stage: OpenStage, figure: Figure, what: str) -> None:
    login = f"row_57_{what}"  # of the whole server
    take, give = (statement.format(login=login) for statement in _TAKEN[what])
    async with behind(open_stage, user=login) as there:
        stage, title = there.stage, f"行57 {what}"
        await _make_login(stage, login)
        bot = await there.start_bot()
        stage.world.expect_log(_NOT_WRITABLE)
        alert = await stage.sev1(title)
        due = await stage.reach_deadline(alert.number, ahead_s=_AHEAD_S)
        await stage.mirrored(title)
        await _execute(stage, take)
        said = await there.red("database")
        [rung] = await stage.escalated(alert.number, within_s=2 * _AHEAD_S)
        await _execute(stage, give)
        await there.well()
        await stage.world.idle()
        assert bot.child.is_running
        assert [post.id for post in stage.escalations(alert.number)] == [rung.id]
        assert _errors(stage)[_NOT_WRITABLE] == 1, "told, and no flood"
        late_s = (rung.at - due).total_seconds()
        assert late_s < _LATE_S
        figure(f"{what}: 1 ring {late_s:.1f} s after its deadline; database: {said}")


_MAKE_LOGIN = """
DROP ROLE IF EXISTS {login};
CREATE ROLE {login} LOGIN;
GRANT ALL ON SCHEMA incident_bot, admin TO {login};
GRANT ALL ON ALL TABLES IN SCHEMA incident_bot, admin TO {login};
GRANT ALL ON ALL SEQUENCES IN SCHEMA incident_bot TO {login};
GRANT CREATE ON DATABASE "{database}" TO {login};
"""
_TAKEN = {
    "schema": (
        "ALTER SCHEMA incident_bot RENAME TO kept_apart",
        "ALTER SCHEMA kept_apart RENAME TO incident_bot",
    ),
    "right": (
        "REVOKE ALL ON ALL TABLES IN SCHEMA incident_bot FROM {login}",
        "GRANT ALL ON ALL TABLES IN SCHEMA incident_bot TO {login}",
    ),
}


async def _make_login(stage: Stage, login: str) -> None:
    [row] = await stage.world.rows("SELECT current_database() AS name")
    await _execute(stage, _MAKE_LOGIN.format(login=login, database=row["name"]))


async def _execute(stage: Stage, statements: str) -> None:
    connection = await connect(stage.world.database_url)
    await connection.execute(statements)
    await connection.close()


async def _refused(there: Behind) -> None:
    there.proxy.refuse = lambda _startup: Refusal()
    there.proxy.break_all()


def _errors(stage: Stage) -> Counter[str]:
    return Counter(entry["event"] for entry in stage.world.bot.entries() if entry["level"] == "error")

"""The random run as CI plays it: one short seed. `tests.faults.random_run.run` plays more, and longer."""

import os
import random
import signal
from datetime import datetime
from pathlib import Path

import pytest

from bot.storage.embedded import EmbeddedPostgres
from tests.e2e.conftest import Commands
from tests.faults.conftest import OpenStage
from tests.faults.random_run.play import Play
from tests.faults.random_run.run import play
from tests.faults.stage.behind import behind
from tests.faults.stage.bot_under_test import AWAY_S
from tests.faults.stage.stage import Stage
from tests.faults.stage.under_way import is_telling
from tests.patience import PATIENCE_S
from tests.postgres import server_of_its_own

_SEED = int(os.environ.get("FAULTS_SEED", "2042"))  # every kind of fault, in few rounds
_ROUNDS = 3


@pytest.mark.timeout(300)
async def test_nothing_is_lost_and_nothing_is_doubled(
    prepared: Path, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kills, drops, 5xx and restarts of PostgreSQL with two instances; `FAULTS_SEED` plays another one."""
    print(f"seed {_SEED}")  # noqa: T201 -- a failure shows it, with everything that was done
    with server_of_its_own(prepared) as server:
        broken = await play(_SEED, rounds=_ROUNDS, server=server, commands=commands, say=print)
    assert broken == [], capsys.readouterr().out


async def test_time_waits_for_what_is_told_without_the_database(
    cluster: EmbeddedPostgres, open_stage: OpenStage
) -> None:
    """Time is not moved while a message without the database is in progress, because its nonce would expire.

    The process that lost the database stands by until the other one has sent everything.
    """
    async with behind(open_stage) as there:
        stage, discord = there.stage, there.stage.world.sandbox.core
        cut_off = await there.start_bot(SMTP_URL="")  # of an email the journal would know at once
        await stage.world.start_bot()
        stage.world.expect_log("database.not_writable", "jobs.silent")
        title = "待つ 決済 API が 5xx"
        alert = await stage.sev1(title)
        [row] = await stage.world.rows("SELECT statement_timestamp() AS now")
        await stage.until(lambda: _all_have_beaten(stage, row["now"]), "everybody knows of the alert")
        await stage.mirrored(title)  # the alert is not told again: its nonce is older than Discord remembers
        there.proxy.limit = 0
        there.proxy.break_all()
        await cut_off.child.line_with('"database.not_writable"', within_s=PATIENCE_S)
        cut_off.child.signal(signal.SIGSTOP)
        async with stage.ill():  # the deadline lies within the time that is skipped
            await stage.world.shift(minutes=AWAY_S / 60)
            await stage.escalated(alert.number)
            await stage.until(lambda: stage.pages(alert.number, "secondary"), "the last of its messages")
            await stage.world.idle()
        discord.freezer.freeze()
        cut_off.child.signal(signal.SIGRTMIN)
        cut_off.child.signal(signal.SIGCONT)
        await stage.until(lambda: is_telling(cut_off), "told by the process that lost the database")
        there.proxy.limit = None
        run = Play(stage, cluster, random.Random(1), print)
        await stage.until(run.is_on_record, "all that the database knows of is done")
        assert is_telling(cut_off)
        assert not await run.is_quiet()
        discord.freezer.thaw()
        await stage.until(run.is_quiet, "nothing is under way")


async def _all_have_beaten(stage: Stage, since: datetime) -> bool:
    return not await stage.world.rows("SELECT FROM mirrors WHERE told_at <= $1", since)

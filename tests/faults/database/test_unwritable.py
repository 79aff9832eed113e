"""Row 14: PostgreSQL answers, but accepts no writes."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.storage.database.migrate import migrate
from bot.storage.embedded import EmbeddedPostgres
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.own_server import NAME, server, shared, stage_on
from tests.faults.stage.stage import Stage
from tests.patience import PATIENCE_S
from tests.postgres import cluster_folder, connect

__all__ = ["server", "shared"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-postgresql")]

_DISK = "96m"
_FILLED_S = 15.0  # by then it is
_ALARM = "database.not_writable"


async def test_row_14_postgresql_is_read_only(stage: Stage, figure: Figure, server: EmbeddedPostgres) -> None:
    """/readyz turns red, people are told that nothing is recorded, and the log has an error."""
    async with _alarmed(stage, "read_only"), stage.ill():
        await _set_read_only(server, on=True)
        said = await stage.world.command("sev3", title="行14 書けない")
        assert "記録できません" in said.text
        parts = await _red(stage)
        await stage.logged("interaction.unavailable")
        await stage.logged(_ALARM)  # it looks once a second
        await _set_read_only(server, on=False)
        await stage.world.bot.child.wait_until_ready(within_s=PATIENCE_S)
    assert await stage.numbers("行14 書けない") == []
    await stage.sev1("行14 また書ける")
    figure(f"503, database: {parts['database']}")


@pytest.mark.slow
async def test_row_14_the_disk_is_full(open_stage: OpenStage, figure: Figure) -> None:
    """On a full disk a P0's deadline holds, and the bot recovers when there is room."""
    with _small_disk() as disk, EmbeddedPostgres(disk / "postgres", durable=False) as server:
        database = server.ensure_database(NAME)
        migrate(database)
        async with stage_on(open_stage, database) as stage:
            ballast = disk / "ballast"
            alert = await stage.sev1("行14 期限が来る")
            due = await stage.reach_deadline(alert.number, ahead_s=_FILLED_S)
            await stage.mirrored("行14 期限が来る")
            async with _alarmed(stage, "disk_full"):
                await _fill_until_refused(stage, ballast)
                assert stage.now() < due, "the disk is full before the deadline"
                [rung] = await stage.escalated(alert.number, within_s=2 * _FILLED_S)
                parts = await _red(stage)
                ballast.unlink()
                await stage.world.bot.child.wait_until_ready(within_s=PATIENCE_S)
            await stage.sev1("行14 また書ける")
            late_s = (rung.at - due).total_seconds()
            figure(f"503, database: {parts['database']}; a P0 rung {late_s:.1f} s after its deadline")


@asynccontextmanager
async def _alarmed(stage: Stage, trouble: str) -> AsyncIterator[None]:
    """Check that the block logs an error that names the *trouble*."""
    stage.world.expect_log(_ALARM)
    since = len(stage.world.bot.entries())
    yield
    said = [entry for entry in stage.world.bot.entries()[since:] if entry["event"] == _ALARM]
    assert ("error", trouble) in [(entry["level"], entry["trouble"]) for entry in said], said


async def _red(stage: Stage) -> dict[str, str]:
    """Each part, once the bot says that it is not ready."""

    async def look() -> dict[str, str]:
        ready, parts = await _readiness(stage)
        return {} if ready else parts

    return dict(await stage.until(look, "readiness is red"))


async def _readiness(stage: Stage) -> tuple[bool, dict[str, str]]:
    said = next(entry for entry in stage.world.bot.entries() if entry["event"] == "health.listening")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{said['host']}:{said['port']}/readyz")
    return answer.is_success, answer.json()["parts"]


async def _set_read_only(server: EmbeddedPostgres, *, on: bool) -> None:
    """As a failed-over standby, or an operator, would have it: for every connection from now on."""
    connection = await connect(server.dsn("postgres"))
    await connection.execute(
        f"ALTER DATABASE {NAME} SET default_transaction_read_only = {'on' if on else 'off'}"
    )
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", NAME
    )
    await connection.close()


class _small_disk:  # noqa: N801 -- a context manager
    """Yield a file system of a few megabytes; skip the test if mounting is not allowed."""

    def __enter__(self) -> Path:
        self.folder = cluster_folder()
        command = ["mount", "-t", "tmpfs", "-o", f"size={_DISK},mode=0755", "tmpfs", str(self.folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            self.folder.rmdir()
            pytest.skip("a file system can be mounted by root only")
        return self.folder

    def __exit__(self, *_exception: object) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)
        self.folder.rmdir()


async def _fill_until_refused(stage: Stage, ballast: Path) -> None:
    """Fill the disk, and report incidents until an answer says that none can be recorded."""
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(ballast.parent).free)
    for number in range(100):
        said = await stage.world.command("sev3", title=f"行14 {number} " + "長" * 180)
        if "記録できません" in said.text:
            return
    raise AssertionError("the disk is never full")

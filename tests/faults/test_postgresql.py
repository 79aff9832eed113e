"""Rows 12 to 15: PostgreSQL goes away, refuses to write, or has no connection left."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.storage.embedded import EmbeddedPostgres
from bot.storage.migrate import migrate
from tests.faults.conftest import Figure, OpenStage
from tests.faults.seen import ESCALATES
from tests.faults.stage import Stage
from tests.postgres import cluster_folder, connect, shift_clock, start_sweeper

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-postgresql")]

_FIRST_RESPONSE_MS = 3000
_SAID_S = 10.0
_MIRRORED_S = 2.5  # so long after something was written each process has read it
_NONCE_IS_FORGOTTEN = timedelta(minutes=11)
_PEOPLE = 12  # more than the bot has connections
_DISK = "96m"
_NAME = "story"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of our own to do harm to."""
    folder = cluster_folder()
    with start_sweeper(folder) as sweeper:
        with EmbeddedPostgres(folder, durable=False) as server:
            yield server
        sweeper.communicate()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage, server: EmbeddedPostgres) -> AsyncIterator[Stage]:
    """The module's stage, on that server."""
    async with _stage_on(open_stage, server) as stage:
        yield stage


async def test_row_12_postgresql_restarts(stage: Stage, figure: Figure, server: EmbeddedPostgres) -> None:
    """Old deadlines hold, new incidents are taken, and nobody had to do anything."""
    alert = await stage.sev1("行12 決済 API が 5xx")
    stage.falls_ill()
    server.stop()
    server.start()
    began = time.monotonic()
    await stage.world.bot.child.wait_until_ready(within_s=20)
    took_s = time.monotonic() - began
    stage.recovers()
    await stage.reach_deadline(alert.number)
    await stage.escalated(alert.number)
    await stage.sev1("行12 次の障害")
    assert len(stage.escalations(alert.number)) == 1
    figure(f"ready again after {took_s:.1f} s")


async def test_row_13_postgresql_down_for_twenty_minutes(
    stage: Stage, figure: Figure, server: EmbeddedPostgres
) -> None:
    """A P0 that cannot be recorded reaches people all the same; what was due meanwhile is caught up with."""
    title = "行13 記録できない"
    before = await stage.sev1("行13 決済 API が 5xx")
    stage.falls_ill()
    server.stop()
    try:
        said = await stage.world.command("sev1", title=title)
        assert said.first_response_ms is not None
        assert said.first_response_ms < _FIRST_RESPONSE_MS
        assert said.text
        mail = await stage.until(
            lambda: [m for m in stage.box.mails if title in str(m["Subject"])], "the email"
        )
        await stage.until(lambda: [p for p in stage.posts() if title in p.text], "the post in Discord")
        stage.world.bot.child.signal(
            signal.SIGSTOP
        )  # it sees nothing of the database before that time is over
    finally:
        server.start()
    await stage.world.shift(minutes=20)
    stage.world.bot.child.signal(signal.SIGCONT)
    await stage.world.bot.child.wait_until_ready(within_s=20)
    stage.recovers()
    await stage.escalated(before.number)
    number = await stage.number(title, within_s=30)
    await stage.world.idle()
    assert len(stage.escalations(before.number)) == 1
    # Posted before it had a number: that very post is the alert now.
    about = [post for post in stage.posts() if title in post.text and post.place == "p0-alerts"]
    [post] = [post for post in about if ESCALATES not in post.text]
    [row] = await stage.world.rows("SELECT alert_message_id FROM incidents WHERE id = $1", number)
    assert row["alert_message_id"] == post.id
    figure(f"{len(mail)} email, then INC-{number} with 1 post")


async def test_row_13_postgresql_goes_away_right_after_a_commit(
    stage: Stage, figure: Figure, server: EmbeddedPostgres
) -> None:
    """What was recorded that moment, and not yet said, is said without it, and is the same afterwards."""
    title = "行13 記録した直後"
    stage.arm("stop after:commit:insert_incident")
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    server.stop()
    began = time.monotonic()
    try:
        stage.world.bot.child.signal(signal.SIGCONT)
        [post] = await stage.until(
            lambda: [p for p in stage.posts() if title in p.text and p.rings], "the alert"
        )
        await stage.until(lambda: stage.pages(number, "primary"), "the page")
        took_s = time.monotonic() - began
    finally:
        server.start()
    await stage.world.bot.child.wait_until_ready(within_s=20)
    stage.recovers()
    await stage.world.idle()
    await stage.reach_deadline(number)
    await stage.escalated(number)
    await stage.world.idle()
    [alert] = stage.alerts(number)
    [row] = await stage.world.rows("SELECT alert_message_id FROM incidents WHERE id = $1", number)
    assert row["alert_message_id"] == post.id == alert.id
    assert (len(stage.pages(number, "primary")), len(stage.escalations(number))) == (2, 1)
    assert took_s < _SAID_S
    figure(f"alert and page {took_s:.1f} s after the commit, without it")


async def test_row_13_postgresql_goes_away_while_discord_does_not_answer(
    stage: Stage, figure: Figure, server: EmbeddedPostgres
) -> None:
    """Discord has the alert, never said so, and forgets the nonce: it is found there, and no second comes."""
    title, world = "行13 返事がない", stage.world
    route = f"/channels/{await world.channel_id('p0-alerts')}/messages"
    told = len(_said(stage))
    stage.falls_ill()
    await world.fault(route=f"POST {route}", times=None, reset="after")
    await world.fault(route=f"GET {route}", times=None, status=503)
    await stage.start_command("sev1", title=title)
    await stage.until(lambda: [p for p in stage.posts() if title in p.text and p.rings], "the alert")
    await asyncio.sleep(_MIRRORED_S)
    server.stop()
    try:
        await world.human.advance_clock(_NONCE_IS_FORGOTTEN.total_seconds())
        await world.human.clear_faults()
        await stage.until(lambda: _said(stage)[told:], "what was owed is said", within_s=60)
    finally:
        server.start()
    await shift_clock(world.database_url, _NONCE_IS_FORGOTTEN)
    await world.bot.child.wait_until_ready(within_s=20)
    stage.recovers()
    number = await stage.number(title)
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    await world.idle()
    assert len(stage.alerts(number)) == 1
    figure("1 post, found in the channel")


async def test_row_14_postgresql_is_read_only(stage: Stage, figure: Figure, server: EmbeddedPostgres) -> None:
    """Readiness turns red, people are told that nothing is recorded, and the log says so."""
    stage.world.expect_log("database.not_writable")
    async with stage.ill():
        await _set_read_only(server, on=True)
        said = await stage.world.command("sev3", title="行14 書けない")
        assert "記録できません" in said.text
        ready, parts = await _readiness(stage)
        assert not ready
        await stage.logged("interaction.unavailable")
        await _set_read_only(server, on=False)
        await stage.world.bot.child.wait_until_ready(within_s=20)
    assert await stage.numbers("行14 書けない") == []
    await stage.sev1("行14 また書ける")
    figure(f"503, database: {parts['database']}")


@pytest.mark.slow
async def test_row_14_the_disk_is_full(open_stage: OpenStage, figure: Figure) -> None:
    """The same for a disk without a free block: nothing ends, and it goes on when there is room again."""
    with _small_disk() as disk, EmbeddedPostgres(disk / "postgres", durable=False) as server:
        async with _stage_on(open_stage, server) as stage:
            ballast = disk / "ballast"
            told = await _fill_until_refused(stage, ballast)
            ready, parts = await _readiness(stage)
            ballast.unlink()
            await stage.world.bot.child.wait_until_ready(within_s=30)
            await stage.sev1("行14 また書ける")
            await stage.check()
            assert "記録できません" in told
            figure(f"disk full: refused, {'200' if ready else '503'}, database: {parts['database']}")


async def test_row_15_every_connection_is_taken(stage: Stage, figure: Figure) -> None:
    """People ask while the database answers nobody, one reports a P0: each hears of the bot within 3 s."""
    title = "行15 接続がない"
    connection = await connect(stage.world.database_url)
    async with stage.ill():
        await connection.execute("BEGIN; LOCK TABLE incidents, guilds IN ACCESS EXCLUSIVE MODE")
        wanted: list[tuple[str, dict[str, str]]] = [("incident list", {})] * _PEOPLE + [
            ("sev1", {"title": title})
        ]
        asked = await asyncio.gather(*(stage.start_command(name, **options) for name, options in wanted))

        async def all_answered() -> list[int]:
            answers = [await stage.answer_now(one) for one in asked]
            found = [answer.first_response_ms for answer in answers if answer.first_response_ms is not None]
            return found if len(found) == len(asked) else []

        waited = await stage.until(all_answered, "a first response to each", within_s=6)
        await connection.close()
        await stage.world.bot.child.wait_until_ready(within_s=20)
    assert max(waited) < _FIRST_RESPONSE_MS
    await stage.until(lambda: _settled(stage, asked), "an answer to each", within_s=30)
    number = await stage.number(title)
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    figure(f"{len(waited)} first responses, the last after {max(waited)} ms")


def _said(stage: Stage) -> list[dict[str, Any]]:
    return [entry for entry in stage.world.bot.entries() if entry["event"] == "emergency.said"]


async def _settled(stage: Stage, asked: list[str]) -> bool:
    return all([(await stage.answer_now(one)).state == "responded" for one in asked])


@asynccontextmanager
async def _stage_on(open_stage: OpenStage, server: EmbeddedPostgres) -> AsyncIterator[Stage]:
    database = server.ensure_database(_NAME)
    migrate(database)
    async with open_stage(dsn=database) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


async def _readiness(stage: Stage) -> tuple[bool, dict[str, str]]:
    said = next(entry for entry in stage.world.bot.entries() if entry["event"] == "health.listening")
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://{said['host']}:{said['port']}/readyz")
    return answer.is_success, answer.json()["parts"]


async def _set_read_only(server: EmbeddedPostgres, *, on: bool) -> None:
    """As a failed-over standby, or an operator, would have it: for every connection from now on."""
    connection = await connect(server.dsn("postgres"))
    await connection.execute(
        f"ALTER DATABASE {_NAME} SET default_transaction_read_only = {'on' if on else 'off'}"
    )
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", _NAME
    )
    await connection.close()


class _small_disk:  # noqa: N801 -- a context manager
    """A file system of a few megabytes; skips where nobody may mount one."""

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


async def _fill_until_refused(stage: Stage, ballast: Path) -> str:
    """Take the last free block, and report incidents until the database cannot take one; what was said."""
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(ballast.parent).free)
    for number in range(100):
        said = await stage.world.command("sev3", title=f"行14 {number} " + "長" * 180)
        if "記録できません" in said.text:
            return said.text
    raise AssertionError("the disk is never full")

"""The running bot as a process of its own: it starts, says when it is ready, tells its health, and stops."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bot.demo.process import Child
from local_discord.server import LocalDiscord
from local_discord.world.permissions import P
from tests import warm
from tests.integration.cli.command_line import settings_for
from tests.postgres import connect

READY_S = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """A bot and the address of its health server."""

    child: Child
    url: str

    async def get(self, path: str) -> httpx.Response:
        """Ask the health server."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            return await client.get(f"{self.url}{path}")

    async def until(self, *, ready: bool, within_s: float = READY_S) -> dict[str, Any]:
        """What /readyz says once it says so."""
        async with asyncio.timeout(within_s):
            while (answer := await self.get("/readyz")).is_success is not ready:  # noqa: ASYNC110 -- HTTP
                await asyncio.sleep(0.05)
        parts: dict[str, Any] = answer.json()["parts"]
        return parts

    def events(self) -> list[str]:
        """What it logged, by event."""
        return [json.loads(line)["event"] for line in self.child.lines if line.startswith("{")]


@asynccontextmanager
async def bot(
    folder: Path, start: Callable[..., Awaitable[Child]] = warm.start, /, *, module: str = "bot", **env: str
) -> AsyncIterator[Running]:
    """`incident-bot run`, from its first sign of life.

    Args:
        start: Forked, or from nothing.
        module: The program: ``python -m MODULE run``.
    """
    settings = {"HEALTH_PORT": "0", "LOG_FORMAT": "json", **env}
    child = await start("run", "run", env=settings, folder=folder, module=module)
    try:
        said = json.loads(await child.line_with('"health.listening"', within_s=READY_S))
        yield Running(child, f"http://127.0.0.1:{said['port']}")
    finally:
        if child.is_running:
            await child.kill()


def port_of(sandbox: LocalDiscord) -> str:
    """Where *sandbox* listens."""
    return str(urlsplit(sandbox.api_base).port)


async def test_a_disk_that_cannot_be_written_is_a_part_that_is_not_ready(
    database_url: str, tmp_path: Path
) -> None:
    """A bot whose DATA_DIR cannot be written runs, and says so: /readyz, a metric and one line of the log."""
    (tmp_path / "file").write_text("in the way")
    async with LocalDiscord() as sandbox:
        env = settings_for(sandbox, DATABASE_URL=database_url)
        env["DATA_DIR"] = str(tmp_path / "file" / "data")
        async with bot(tmp_path, Child.start, **env) as running:
            await running.child.line_with('"bot.ready"', within_s=READY_S)
            parts = await running.until(ready=False)
            assert parts["disk"] == "DATA_DIR cannot be written: Not a directory"
            assert 'incident_bot_part_up{part="disk"} 0.0' in (await running.get("/metrics")).text
            assert await running.child.stop() == 0


async def test_it_gets_ready_and_stops(database_url: str, tmp_path: Path) -> None:
    """Ready with every part well, figures for Prometheus, a clean end within five seconds, no secret told."""
    async with LocalDiscord() as sandbox:
        env = settings_for(sandbox, DATABASE_URL=database_url)
        async with bot(tmp_path, Child.start, **env) as running:
            parts = await running.until(ready=True)
            assert list(parts) == ["database", "jobs", "deadlines", "gateway", "discord", "disk"]
            assert set(parts.values()) == {"ok"}
            assert (await running.get("/healthz")).json() == {"alive": True}
            figures = (await running.get("/metrics")).text
            await running.child.line_with('"bot.ready"', within_s=READY_S)
            # No command is registered yet, which somebody should know.
            await running.child.line_with("sync-commands", within_s=READY_S)
            assert await running.child.stop() == 0
        assert 'incident_bot_part_up{part="gateway"} 1.0' in figures
        assert 'incident_bot_gateway_age_seconds{shard="0"}' in figures
        for line in (
            "incident_bot_deadlines_missed 0.0",
            'incident_bot_step_lateness_seconds_bucket{le="0.5"} 0.0',
            "incident_bot_failovers_total 0.0",
            "incident_bot_identifies_24h 1.0",
        ):
            assert line in figures
        assert 'incident_bot_incidents_unacknowledged{severity="SEV1"} 0.0' in figures
        assert running.events()[-1] == "bot.stopped"
        assert sandbox.address.token not in "\n".join(running.child.lines)


async def test_what_is_missing_is_told_at_start(database_url: str, tmp_path: Path) -> None:
    """A missing MENTION_EVERYONE and missing columns of the DLQ are reported at the start."""
    connection = await connect(database_url)
    await connection.execute("ALTER TABLE admin.notification_failures DROP COLUMN retry_count")
    await connection.close()
    async with LocalDiscord() as sandbox:
        for role in sandbox.core.world.roles.values():
            role.permissions &= ~int(P.MENTION_EVERYONE | P.ADMINISTRATOR)
        async with bot(tmp_path, **settings_for(sandbox, DATABASE_URL=database_url)) as running:
            await running.child.line_with("columns are missing: retry_count", within_s=READY_S)
            line = json.loads(await running.child.line_with("MENTION_EVERYONE", within_s=READY_S))
    assert (line["level"], line["event"], line["what"]) == ("warning", "check.failed", "channel #p0-alerts")


async def test_discord_away_at_start(database_url: str, tmp_path: Path) -> None:
    """The bot lives and works its queue, says what it waits for, and is ready when Discord is back."""
    async with LocalDiscord() as sandbox:
        env, port = settings_for(sandbox, DATABASE_URL=database_url), port_of(sandbox)
    async with bot(tmp_path, **env) as running:
        await running.child.line_with('"jobs.runner_started"', within_s=READY_S)
        parts = await running.until(ready=False)
        assert parts["gateway"] == "not connected"
        assert (await running.get("/healthz")).is_success
        async with LocalDiscord(port=int(port)):
            await running.until(ready=True)
            assert await running.child.stop() == 0


async def test_the_gateway_is_lost_and_comes_back(database_url: str, tmp_path: Path) -> None:
    """Readiness follows the connection; a lost one is a warning of one line, not a traceback."""
    async with (
        LocalDiscord() as sandbox,
        bot(tmp_path, **settings_for(sandbox, DATABASE_URL=database_url)) as running,
    ):
        await running.until(ready=True)
        sandbox.desk.gateway_down = True
        for connection in list(sandbox.desk.connections):
            connection.drop()
        assert (await running.until(ready=False))["gateway"] == "not connected"
        sandbox.desk.gateway_down = False
        await running.until(ready=True)
        assert await running.child.stop() == 0
    assert "Traceback" not in "\n".join(running.child.lines)


@pytest.mark.parametrize(("code", "said"), [(4004, "DISCORD_TOKEN"), (4014, "MESSAGE_CONTENT")])
async def test_discord_refuses_the_token_or_an_intent(
    code: int, said: str, database_url: str, tmp_path: Path
) -> None:
    """A reset token, a withdrawn intent: one clear line and exit code 2, instead of knocking for ever."""
    async with (
        LocalDiscord() as sandbox,
        bot(tmp_path, **settings_for(sandbox, DATABASE_URL=database_url)) as running,
    ):
        await running.until(ready=True)
        for connection in list(sandbox.desk.connections):
            connection.close(code)
        assert await running.child.wait() == 2
    (line,) = [line for line in running.child.lines if line.startswith("error: ")]
    assert said in line
    assert [line for line in running.child.lines if "Traceback" in line] == []


async def test_wrong_token(database_url: str, tmp_path: Path) -> None:
    """One clear line, exit code 2, at once, and the token is in none of the lines."""
    token = "abcdefghijklmnopqrstuvwx.local0.this-token-is-not-known-to-anybody"
    async with LocalDiscord() as sandbox:
        env = settings_for(sandbox, DATABASE_URL=database_url) | {"DISCORD_TOKEN": token}
        async with bot(tmp_path, **env) as running:
            assert await running.child.wait() == 2
    lines = "\n".join(running.child.lines)
    assert "error: DISCORD_TOKEN: Discord does not know this token" in lines
    assert token not in lines
    assert "Traceback" not in lines


async def test_the_embedded_database_comes_back(tmp_path: Path) -> None:
    """A killed embedded database is started again, and the bot becomes ready again.

    The database ends together with the bot.
    """
    async with LocalDiscord() as sandbox, bot(tmp_path, **settings_for(sandbox)) as running:
        await running.until(ready=True)
        pid_file = tmp_path / "data" / "postgres" / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split("\n", 1)[0]), signal.SIGKILL)
        assert (await running.until(ready=False))["database"].startswith("cannot be written: ")
        await running.until(ready=True)
        assert await running.child.stop() == 0
    assert "database.restarting" in running.events()
    assert not pid_file.exists()  # it has ended with its owner


async def test_a_database_that_takes_no_writes(database_url: str, tmp_path: Path) -> None:
    """With a read-only database the bot reports that it is not ready."""
    name = urlsplit(database_url).path.removeprefix("/")
    async with (
        LocalDiscord() as sandbox,
        bot(tmp_path, **settings_for(sandbox, DATABASE_URL=database_url)) as running,
    ):
        await running.until(ready=True)
        admin = await connect(database_url)
        await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert (await running.until(ready=False))["database"].startswith("cannot be written: ")
        await admin.close()


async def test_the_health_port_is_taken(database_url: str, tmp_path: Path) -> None:
    """A health port that is taken ends the process with one clear line and exit code 2."""
    async with LocalDiscord() as sandbox:
        taken = port_of(sandbox)
        env = settings_for(sandbox, DATABASE_URL=database_url, HEALTH_PORT=taken)
        child = await warm.start("run", "run", env=env, folder=tmp_path)
        assert await child.wait() == 2
    assert child.lines[-1].startswith(f"error: HEALTH_PORT: cannot listen on port {taken} of HEALTH_HOST")

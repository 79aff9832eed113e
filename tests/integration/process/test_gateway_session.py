"""A shard's session against the local Discord: refusals that pass, and one that does not.

A bot that is refused again and again waits a tenth of its pauses (`tests.integration.process.hurried`).
"""

import time
from pathlib import Path

from local_discord.server import LocalDiscord
from tests.integration.cli.command_line import settings_for
from tests.integration.process.test_app import READY_S, bot

HURRIED = "tests.integration.process.hurried"
IDENTIFY, INVALID_SESSION, RESUME = 2, 9, 6


def frames(sandbox: LocalDiscord, op: int) -> int:
    """How often a frame of this kind crossed the sockets."""
    entries = (entry for entry in sandbox.core.log.since(0) if entry["kind"] == "gateway")
    return sum(entry["frame"].get("op") == op for entry in entries)


async def test_an_identify_too_soon_is_tried_again(database_url: str, tmp_path: Path) -> None:
    """Discord answers op 9 while the bucket is closed: after a pause, not in a storm."""
    async with LocalDiscord() as sandbox:
        env = settings_for(sandbox, DATABASE_URL=database_url)
        async with bot(tmp_path, **env) as running:
            await running.until(ready=True)
            assert await running.child.stop() == 0
        sandbox.core.rules.change({"identify_window_s": 600})
        async with bot(tmp_path, module=HURRIED, **env) as running:
            await sandbox.core.hub.until(lambda: frames(sandbox, INVALID_SESSION) > 0 or None, READY_S)
            refused_at = time.monotonic()
            sandbox.core.rules.change({"identify_window_s": 0})
            await running.until(ready=True)
            assert time.monotonic() - refused_at >= 1.0
        assert frames(sandbox, INVALID_SESSION) == 1
        assert frames(sandbox, IDENTIFY) == 3


async def test_a_lost_connection_is_resumed(database_url: str, tmp_path: Path) -> None:
    """A lost connection is resumed by the same process, without another IDENTIFY."""
    async with (
        LocalDiscord() as sandbox,
        bot(tmp_path, **settings_for(sandbox, DATABASE_URL=database_url)) as running,
    ):
        await running.until(ready=True)
        for connection in list(sandbox.desk.connections):
            connection.drop()
        await running.child.line_with('"gateway.resumed"', within_s=READY_S)
        assert (frames(sandbox, IDENTIFY), frames(sandbox, RESUME)) == (1, 1)


async def test_a_resume_host_that_is_gone_is_given_up(database_url: str, tmp_path: Path) -> None:
    """A resume host that keeps refusing is given up, and the gateway's own host resumes the session.

    No other IDENTIFY is sent.
    """
    async with (
        LocalDiscord() as sandbox,
        bot(tmp_path, module=HURRIED, **settings_for(sandbox, DATABASE_URL=database_url)) as running,
    ):
        await running.until(ready=True)
        sandbox.desk.resume_down = True
        for connection in list(sandbox.desk.connections):
            connection.drop()
        await running.child.line_with('"gateway.resume_host_given_up"', within_s=READY_S)
        await running.child.line_with('"gateway.resumed"', within_s=READY_S)
        assert (frames(sandbox, IDENTIFY), frames(sandbox, RESUME)) == (1, 1)


async def test_a_session_that_is_gone_with_its_host_is_made_anew(database_url: str, tmp_path: Path) -> None:
    """The main address does not know it: op 9, and one IDENTIFY."""
    async with (
        LocalDiscord() as sandbox,
        bot(tmp_path, module=HURRIED, **settings_for(sandbox, DATABASE_URL=database_url)) as running,
    ):
        await running.until(ready=True)
        sandbox.desk.resume_down = True
        sandbox.sessions.forget_all()
        for connection in list(sandbox.desk.connections):
            connection.drop()
        await sandbox.core.hub.until(lambda: frames(sandbox, IDENTIFY) == 2 or None, READY_S)
        await running.until(ready=True)
        assert frames(sandbox, RESUME) == 1


async def test_an_invalidated_session_begins_anew(database_url: str, tmp_path: Path) -> None:
    """One more IDENTIFY, and the bot is ready again."""
    async with (
        LocalDiscord() as sandbox,
        bot(tmp_path, **settings_for(sandbox, DATABASE_URL=database_url)) as running,
    ):
        await running.until(ready=True)
        for connection in list(sandbox.desk.connections):
            connection.invalidate(resumable=False)
        await sandbox.core.hub.until(lambda: frames(sandbox, IDENTIFY) == 2 or None, READY_S)
        await running.until(ready=True)
        assert frames(sandbox, RESUME) == 0


async def test_too_few_shards(database_url: str, tmp_path: Path) -> None:
    """4011 ends the process with what to set; set so, it runs."""
    async with LocalDiscord() as sandbox:
        sandbox.core.rules.change({"shards": 2, "least_shards": 2, "max_concurrency": 2})
        env = settings_for(sandbox, DATABASE_URL=database_url)
        async with bot(tmp_path, **env) as running:
            assert await running.child.wait() == 2
            assert any("SHARDS" in line and "auto" in line for line in running.child.lines)
        async with bot(tmp_path, **env, SHARDS="auto") as running:
            await running.until(ready=True)
            assert sorted(one.shard for one in sandbox.desk.sessions.connected) == [(0, 2), (1, 2)]

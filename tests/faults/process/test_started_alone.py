"""Row 88: bots that are started while PostgreSQL is away."""

import json
import time
from datetime import UTC, datetime

import pytest

from bot.storage.embedded import EmbeddedPostgres
from local_discord.world.seed import GUILD_ID
from tests.faults.conftest import Figure
from tests.faults.judge.seen import Post
from tests.faults.stage.own_server import server, shared
from tests.faults.stage.stage import Stage
from tests.patience import PATIENCE_S

__all__ = ["server", "shared"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-started-alone")]

_HEARD_S = 30.0


@pytest.mark.parametrize("bots", [1, 2])
async def test_row_88_started_without_postgresql(
    stage: Stage, figure: Figure, server: EmbeddedPostgres, bots: int
) -> None:
    """`/sev1` reaches people, once whether one or two processes hear it; afterwards it is one incident."""
    title, world = f"行88 {bots} つの bot", stage.world
    await stage.until(lambda: _knows_the_time(stage), "the time, which other rows move, in the bot's file")
    stage.falls_ill()
    await world.kill_bot()
    server.stop()
    try:
        began = time.monotonic()
        for _ in range(bots):
            await world.begin_bot()
        await stage.until(lambda: _sessions(stage) == bots, f"{bots} sessions", within_s=_HEARD_S)
        heard_s = time.monotonic() - began
        said = await world.command("sev1", title=title)
        assert "データベースが止まっていて" in said.text
        await stage.until(lambda: _told(stage, title, "p0-alerts"), "the post")
        await stage.until(lambda: _told(stage, title, "dm:primary"), "the page")
        await stage.until(lambda: [m for m in stage.box.mails if title in str(m["Subject"])], "the email")
    finally:
        server.start()
    number = await stage.number(title)
    for bot in world.running:
        await bot.child.wait_until_ready(within_s=PATIENCE_S)
    await stage.until(lambda: _sessions(stage) == 1, "one session")
    stage.recovers()
    await world.idle()
    assert [len(_told(stage, title, place)) for place in ("p0-alerts", "dm:primary")] == [1, 1]
    assert await stage.numbers(title) == [number]
    figure(f"{bots} started: heard after {heard_s:.0f} s, 1 post")


def _knows_the_time(stage: Stage) -> bool:
    """Return True if the file of the bot has the time of the database, with which the next one goes on."""
    file = stage.world.folder / "data" / f"emergency-{GUILD_ID}.json"
    if not file.exists():
        return False
    ahead_s: float = json.loads(file.read_text(encoding="utf-8"))["ahead_s"]
    return abs(ahead_s - (stage.now() - datetime.now(UTC)).total_seconds()) < 1.0


def _sessions(stage: Stage) -> int:
    """How many sessions Discord sends events to."""
    return len(stage.world.sandbox.desk.sessions.connected)


def _told(stage: Stage, title: str, place: str) -> list[Post]:
    return [post for post in stage.posts_in(place) if title in post.text]

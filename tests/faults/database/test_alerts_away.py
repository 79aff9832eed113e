"""Rows 85 to 87: monitors report alerts while PostgreSQL is away."""

import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from bot.storage.embedded import EmbeddedPostgres
from local_discord.client import JSON, Message
from local_discord.world.seed import GUILD_ID
from tests.cogs.hooks.sending import group
from tests.faults.conftest import Figure, OpenStage
from tests.faults.integrations.test_hooks import addresses, fire, processed
from tests.faults.judge.seen import Post
from tests.faults.stage.own_server import NAME, server
from tests.faults.stage.stage import Stage
from tests.patience import PATIENCE_S
from tests.postgres import copy_database

__all__ = ["server"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-alerts-away")]

_FIRING = "[FIRING:1] {} (api.parky.co.jp critical)"
_RESOLVED = "[RESOLVED] {} (api.parky.co.jp critical)"
_SECRET = "a-secret-of-alertmanager"
_CAUGHT_UP_S = 10.0  # by the minute it would take up to 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage, server: EmbeddedPostgres) -> AsyncIterator[Stage]:
    """The module's stage: a database that may be stopped, and a bot that may read what others write."""
    database = await copy_database(server, NAME)
    async with open_stage(
        dsn=database, MESSAGE_CONTENT="true", HOOKS_PORT="0", HOOKS_ALERTMANAGER_SECRET=_SECRET
    ) as stage:
        await stage.world.human.change("application", message_content=True)
        await stage.world.start_bot()
        for channel in ("p0-alerts", "p1-ops"):
            await _post(stage, channel, "✅ deploy ok")
        await stage.world.idle()
        await stage.world.fast_forward(minutes=2)  # the channels have been read up to here
        yield stage
        await stage.world.stop_bot()


async def test_row_85_caught_up_at_once(stage: Stage, figure: Figure, server: EmbeddedPostgres) -> None:
    """A lesser alert is tracked right after the outage; its deadline counts from the monitor's message."""
    title, world = "Row85Slow", stage.world
    stage.falls_ill()
    server.stop()
    try:
        message = await _post(stage, "p1-ops", _FIRING.format(title))
        await stage.logged("alert.not_recorded")
    finally:
        server.start()
    began = time.monotonic()
    number = await stage.number(title)
    took_s = time.monotonic() - began
    await world.bot.child.wait_until_ready(within_s=PATIENCE_S)
    stage.recovers()
    assert took_s < _CAUGHT_UP_S
    [row] = await world.rows("SELECT ack_due_at, triggered_at FROM incidents WHERE id = $1", number)
    posted_at = _at(message)
    assert abs(row["triggered_at"] - posted_at) < timedelta(seconds=1)
    assert abs(row["ack_due_at"] - posted_at - timedelta(hours=4)) < timedelta(seconds=1)
    figure(f"tracked {took_s:.1f} s after PostgreSQL was back")


async def test_row_86_a_p0_by_a_monitor(stage: Stage, figure: Figure, server: EmbeddedPostgres) -> None:
    """A monitor's P0 pages at once, once for each alert; afterwards it is one incident."""
    title, world = "Row86DatabaseDown", stage.world
    stage.falls_ill()
    server.stop()
    try:
        began = time.monotonic()
        message = await _post(stage, "p0-alerts", _FIRING.format(title))
        [post] = await stage.until(lambda: _told(stage, title, "p0-alerts"), "the post")
        await stage.until(lambda: [one for one in stage.posts() if _is_page(one, title)], "the page")
        took_s = time.monotonic() - began
        await _post(stage, "p0-alerts", _FIRING.format(title))
        await stage.until(lambda: [m for m in stage.box.mails if title in str(m["Subject"])], "the email")
    finally:
        server.start()
    number = await stage.number(title)
    await world.bot.child.wait_until_ready(within_s=PATIENCE_S)
    stage.recovers()
    query = "SELECT alert_message_id, occurrences, kind FROM incidents WHERE id = $1"

    async def counted() -> list[object]:
        [row] = await world.rows(query, number)
        return list(row) if row["occurrences"] == 2 and row["alert_message_id"] else []

    assert await stage.until(counted, "both messages on it") == [post.id, 2, "alert"]
    await world.idle()
    assert len(_told(stage, title, "p0-alerts")) == 1
    assert len([one for one in stage.posts() if _is_page(one, title)]) == 1
    [noted] = await world.rows(
        "SELECT incident_id FROM alert_messages WHERE message_id = $1", int(message.id)
    )
    assert noted["incident_id"] == number
    await _post(stage, "p0-alerts", _RESOLVED.format(title))

    async def closed() -> bool:
        [row] = await world.rows("SELECT status FROM incidents WHERE id = $1", number)
        return bool(row["status"] == "resolved")

    await stage.until(closed, "the end of the alert")
    figure(f"posted and paged after {took_s:.1f} s, 1 incident")


async def test_row_87_hooks_are_kept(stage: Stage, figure: Figure, server: EmbeddedPostgres) -> None:
    """Hooks are answered and kept over kill -9; their P0 pages at once, and each is processed once."""
    world, titles = stage.world, ("Row87DatabaseDown: 5xx above 0 %", "Row87Slow: 5xx above 0 %")
    stage.falls_ill()
    server.stop()
    try:
        await stage.logged("database.not_writable")
        [url] = addresses(stage)
        slow = group("firing", name="Row87Slow")
        slow["alerts"][0]["labels"]["severity"] = "warning"  # type: ignore[index]
        began = time.monotonic()
        await fire(url, groups=[slow, group("firing", name="Row87DatabaseDown")])
        await stage.until(lambda: _told(stage, titles[0], "p0-alerts"), "the post")
        await stage.until(lambda: [one for one in stage.posts() if _is_page(one, titles[0])], "the page")
        took_s = time.monotonic() - began
        file = world.folder / "data" / f"emergency-{GUILD_ID}.json"
        await stage.until(lambda: ":dm:primary" in file.read_text(encoding="utf-8"), "the page in the file")
        await world.kill_bot()
    finally:
        server.start()
    await stage.revive()
    numbers = [await stage.number(title) for title in titles]
    await processed(stage)
    rows = await world.rows(
        "SELECT severity, occurrences FROM incidents WHERE id = ANY ($1) ORDER BY 1", numbers
    )
    assert [tuple(row) for row in rows] == [("SEV1", 1), ("SEV2", 1)]
    assert len(_told(stage, titles[0], "p0-alerts")) == 1
    assert len([one for one in stage.posts() if _is_page(one, titles[0])]) == 1
    figure(f"paged after {took_s:.1f} s, 2 hooks of 2 processed once")


def _told(stage: Stage, title: str, place: str) -> list[Post]:
    """The bot's posts about *title* in a channel."""
    return [post for post in stage.posts_in(place) if title in post.text]


def _is_page(post: Post, title: str) -> bool:
    return title in post.text and post.place == "dm:primary"


def _at(message: Message) -> datetime:
    return datetime.fromisoformat(message.raw["timestamp"])


async def _post(stage: Stage, channel: str, title: str) -> Message:
    embed: JSON = {"title": title, "color": 10038562}
    return await stage.world.human.post_webhook(channel, "Alertmanager", embeds=[embed])

"""From a monitor's alert to its end: what the first minutes of an incident hold, in one story."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_discord.client import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.hooks.alertmanager import Alertmanager, alertmanager, calling, require_alertmanager
from tests.e2e.incidents.first_minutes import ALERT, BEARER, connected, hook
from tests.e2e.world.world import World
from tests.standins.paging.server import Outside

TITLE: Final = "HighErrorRate: 決済 API が 5xx"
PASSWORD: Final = "hunter2-hunter2"
OUTPUT: Final = f"POST /v1/payments - Exception Thrown\nDB_PASSWORD={PASSWORD}"


@dataclass(frozen=True, slots=True)
class Scene:
    """Parky's server with everything that it is connected to."""

    world: World
    outside: Outside
    monitor: Alertmanager


@asynccontextmanager
async def scene(make_world: MakeWorld, folder: Path) -> AsyncIterator[Scene]:
    """The world of the first minutes, with an Alertmanager that calls the bot."""
    async with (
        connected(make_world, folder) as (world, outside),
        alertmanager(folder, calling(hook(world), token=BEARER)) as monitor,
    ):
        yield Scene(world, outside, monitor)


async def test_an_alert_becomes_an_incident_that_rings_and_ends(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """The alert comes by itself, its thread says what to do, phones ring, and its end is told."""
    require_alertmanager()
    async with scene(make_world, tmp_path) as made:
        world = made.world
        await made.monitor.fire(ALERT, summary="決済 API が 5xx")
        post, thread = await raised(world)
        sheet, suspects = await first_messages(world, thread)
        assert "@primary、@secondary + プッシュ + PagerDuty" in post.text
        await nobody_answers(made)
        await answered_in_pagerduty(made, post)
        await output_is_kept(world, sheet, thread)
        form = await world.human.press("primary", suspects, "ロールバックを記録")
        await world.human.submit("primary", form, {"reason": "直後から 5xx"})
        await world.expect_message(thread, contains="@primary が **戻す** と決めました：直後から 5xx")
        await made.monitor.resolve(ALERT)
        await world.expect_message(thread, contains="🟢 Alertmanager が復旧を通知しました")
        [row] = await world.rows("SELECT status FROM incidents")
        assert row["status"] == "acknowledged"


async def test_what_changed_arrives_although_discord_refuses_what_comes_before(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """Killed before the thread; then neither the commands nor the state of the systems are taken."""
    async with connected(make_world, tmp_path) as (world, _):
        await world.fault(route="POST /channels/*/messages/*/threads", black_hole=True)
        await world.command("sev1", by="responder", title=TITLE)
        post = await world.ledger.expect("p0-alerts", TITLE)
        await world.kill_bot()
        await world.human.clear_faults()
        for status, code in ((403, 50013), (400, 50035)):  # after the start and the card
            await world.fault(route=f"POST /channels/{post.id}/messages", nth=3, status=status, code=code)
        await world.die_and_return()
        await world.expect_dm("primary", contains=TITLE)
        await world.expect_thread(post.id)
        for part in ("開始時刻", "SEV1", "直前の変更"):
            await world.expect_message(post.id, contains=part)
        await world.settle()
        assert len(await world.posts(post.id)) == 3
        assert await world.rows("SELECT FROM live_checks WHERE finished_at IS NOT NULL")


async def raised(world: World) -> tuple[Message, str]:
    """The alert rings as SEV1; a person raises it; the incident's post and its thread."""
    tracked = await world.expect_message("p0-alerts", contains="ALERT-1", pings_here=True)
    await world.expect_dm("primary", contains=TITLE)
    await world.idle()
    await world.click(tracked, "インシデントにする", by="secondary")
    post = await world.ledger.expect("p0-alerts", TITLE, where=lambda found: "ALERT-1" not in found.text)
    await world.expect_thread(post.id)
    return post, post.id


async def first_messages(world: World, thread: str) -> tuple[Message, Message]:
    """What the thread begins with, in its order; the commands and what changed before."""
    await world.expect_message(thread, contains="開始時刻")
    card = await world.expect_message(thread, contains="SEV1")
    sheet = await world.human.see(thread, "まずはこのコマンド")
    assert "npx wrangler tail --config wrangler.public.toml --env prod" in sheet.text
    checks = await world.expect_message(thread, contains="システムの状態")
    await world.expect_text(checks, "HTTP 503 (正常なら 200)")
    suspects = await world.expect_message(thread, contains="直前の変更")
    await world.expect_text(suspects, "🚀 **開始の 12 分前** [main (a1b2c3d)]")
    assert sorted((one.id for one in (suspects, checks, sheet, card)), key=int) == [
        one.id for one in (card, sheet, checks, suspects)
    ]
    return sheet, suspects


async def nobody_answers(made: Scene) -> None:
    """After the deadline phones ring, outside Discord too."""
    await made.world.fast_forward(minutes=14)
    assert made.outside.pagerduty.events == []
    await made.world.fast_forward(minutes=1)
    await made.world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
    for who in ("primary", "secondary"):
        await made.world.expect_dm(who, contains=TITLE)
    await made.world.settle()
    assert [push["topic"] for push in made.outside.ntfy.published] == ["parky-primary"]
    assert len(made.outside.pagerduty.told("trigger")) == 1


async def answered_in_pagerduty(made: Scene, post: Message) -> None:
    """An ack in PagerDuty is one here."""
    (key,) = made.outside.pagerduty.told("trigger")
    made.outside.pagerduty.acknowledge(key, name="Primary", email="primary@example.com")
    await made.world.fast_forward(minutes=0.5)
    await made.world.expect_text(post, "@primary が対応中")


async def output_is_kept(world: World, sheet: Message, thread: str) -> None:
    """What a command printed is kept without its secret."""
    form = await world.click(sheet, "出力を貼る", by="primary")
    preview = await world.human.submit("primary", form, {"output": OUTPUT, "topic": ["worker_logs"]})
    await world.human.press("primary", preview.messages[-1], "投稿する")
    kept = await world.expect_message(thread, contains="Exception Thrown")
    assert "DB_PASSWORD=[masked:password]" in kept.text
    [row] = await world.rows("SELECT string_agg(t::text, '') AS everything FROM timeline AS t")
    assert PASSWORD not in row["everything"]

"""PostgreSQL is away: deadlines are kept, alerts get through, afterwards it is one story. Rows 13, 14."""

import json
import signal
from pathlib import Path

import asyncpg
import httpx
import pytest

from bot.demo.play import CONFIRM, TriageReport, TriageWalk
from bot.demo.process import ChildDied
from tests.e2e.alert import Alert
from tests.e2e.conftest import MakeWorld
from tests.e2e.outage import (
    TITLE,
    everybody_is_told,
    mails,
    near_the_deadline,
    staged,
)
from tests.e2e.severities import SEV1
from tests.patience import PATIENCE_S


async def test_a_deadline_while_the_database_is_away(make_world: MakeWorld, tmp_path: Path) -> None:
    """[13] The escalation is posted once and mailed; afterwards it is the regular one, with its buttons."""
    async with staged(make_world, tmp_path) as stage:
        world = stage.world
        label = await near_the_deadline(stage)
        post = await world.expect_message(
            "p0-alerts", contains=f"{label} {TITLE} · 15 分 ack なし", pings_here=True
        )
        await everybody_is_told(stage)
        await stage.back()
        await world.expect_text(post, f"**{label}** 🔴 未対応")
        await world.fast_forward(minutes=16)
        await world.expect_message("p0-alerts", contains=f"{label} {TITLE} · 3", pings_here=True)
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=TITLE)
        rows = await world.rows("SELECT index, status FROM escalation_steps ORDER BY index LIMIT 4")
        assert [row["status"] for row in rows] == ["done", "done", "done", "pending"]


async def test_a_reaction_while_the_database_is_away(make_world: MakeWorld, tmp_path: Path) -> None:
    """[13] A 👀 is read from Discord while the database is away: no page, and it is recorded later."""
    async with staged(make_world, tmp_path) as stage:
        world = stage.world
        await near_the_deadline(stage)
        [post] = [found for found in await world.posts("p0-alerts") if TITLE in found.text]
        await world.human.react("responder", post, "👀")
        await world.bot.child.line_with('"emergency.acknowledged"', within_s=PATIENCE_S)
        assert stage.box.mails == []
        await stage.back()
        await world.expect_text(post, "👀 @responder")
        await world.fast_forward(hours=2)
        await world.rows("SELECT 1")
        [row] = await world.rows("SELECT status FROM incidents")
        assert row["status"] == "acknowledged"
        world.ledger.forgive(post.id)  # the reminder that an update is due


async def test_acknowledged_right_before_the_database_goes_away(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """[13] A button ack right before the outage reaches the emergency file at once, so no one is paged."""
    async with staged(make_world, tmp_path) as stage:
        world = stage.world

        async def acknowledge(alert: Alert) -> None:
            await world.click(alert, "ack", by="secondary")

        await near_the_deadline(stage, at_last=acknowledge)
        await stage.until_mirrored(steps=0)
        said = json.loads(await world.bot.child.line_with('"database.not_writable"', within_s=PATIENCE_S))
        assert said["watched"] == 0  # nothing to ring for
        await stage.back()
        [row] = await world.rows("SELECT status FROM incidents")
        assert row["status"] == "acknowledged"


async def test_raised_while_the_database_is_away(make_world: MakeWorld, tmp_path: Path) -> None:
    """[13] /sev1 is posted, mailed and answered; killed in between, it becomes one incident."""
    async with staged(make_world, tmp_path) as stage:
        world = stage.world
        await stage.until_mirrored(steps=0)
        stage.server.stop()
        said = await world.command("sev1", title=TITLE)
        assert "データベースが止まっていて" in said.text
        assert "2 人に" in said.text
        post = await world.expect_message("p0-alerts", contains=f"🔴 SEV1 · {TITLE}", pings_here=True)
        dm = await world.expect_dm("primary", contains=TITLE)
        await world.human.until(lambda: mails(stage, 2), "both mails")
        await world.human.react("primary", dm, "👀")
        await world.kill_bot()
        stage.server.start()
        await world.start_bot()
        await stage.back()
        await world.expect_text(post, "**INC-1**")
        await world.human.until(lambda: world._thread(post.id), "the thread")
        for words in ("開始時刻", "SEV1"):
            await world.expect_message(post.id, contains=words)
        [row] = await world.rows("SELECT count(*) AS n, min(alert_message_id)::text AS post FROM incidents")
        assert (row["n"], row["post"]) == (1, post.id)


async def test_a_triage_while_the_database_is_away(make_world: MakeWorld, tmp_path: Path) -> None:
    """[13] A triage card can be confirmed during the outage; the incident is linked to it afterwards."""
    async with staged(make_world, tmp_path) as stage:
        world = stage.world
        await stage.until_mirrored(steps=0)
        walk = TriageWalk(world.human, "responder", "general")
        card = await walk.answer(
            await walk.begin(TriageReport(TITLE, targets=["api.parky.co.jp"], symptoms=["errors"])),
            *SEV1.answers,
        )
        await world.idle()
        stage.server.stop()
        await walk.answer(card, CONFIRM)
        post = await world.expect_message("p0-alerts", contains=TITLE, pings_here=True)
        await world.expect_dm("primary", contains=TITLE)
        await stage.back()
        await world.expect_text(post, "**INC-1**")
        await world.human.until(lambda: world._thread(post.id), "the thread")
        for words in ("開始時刻", "SEV1"):
            await world.expect_message(post.id, contains=words)


async def test_killed_while_the_database_is_away(make_world: MakeWorld, tmp_path: Path) -> None:
    """[13] A bot that starts without a database still keeps the deadlines that it knew."""
    async with staged(make_world, tmp_path) as stage:
        world = stage.world
        label = await near_the_deadline(stage)
        await world.kill_bot()
        await world.begin_bot()
        await world.expect_message("p0-alerts", contains=f"{label} {TITLE}", pings_here=True)
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=TITLE)
        await stage.back()
        await world.settle()


async def test_another_process_is_waited_for(make_world: MakeWorld, tmp_path: Path) -> None:
    """[13] One that starts afterwards, and knows of nothing, does not ring again for what was told: not even
    when Discord knows the nonce no more.
    """
    async with staged(make_world, tmp_path) as stage:
        world, first = stage.world, stage.world.bot.child
        label = await near_the_deadline(stage)
        post = await world.expect_message("p0-alerts", contains=f"{label} {TITLE}", pings_here=True)
        await everybody_is_told(stage)
        first.signal(signal.SIGSTOP)
        stage.server.start()
        await world.shift(minutes=6)
        await world.start_bot()
        with pytest.raises(ChildDied):
            await world.bot.child.line_with('"escalation.decided', within_s=3)
        first.signal(signal.SIGCONT)
        await stage.back()
        await world.expect_text(post, f"**{label}** 🔴 未対応")
        # One may come twice, by each process: under one Message-ID, which mailboxes show once.
        assert len({mail["Message-ID"] for mail in stage.box.mails}) == 2


async def test_a_database_that_takes_no_writes(make_world: MakeWorld, tmp_path: Path) -> None:
    """[14] A loud alarm, with the reason; alerts get through; afterwards they are taken in."""
    async with staged(make_world, tmp_path) as stage:
        world = stage.world
        await stage.until_mirrored(steps=0)
        await _read_only(world.database_url, to="on")
        world.expect_log("database.not_writable")
        said = json.loads(await world.bot.child.line_with('"database.not_writable"', within_s=PATIENCE_S))
        assert (said["level"], said["trouble"]) == ("error", "read_only")
        port = next(e["port"] for e in world.bot.entries() if e["event"] == "health.listening")
        async with httpx.AsyncClient(trust_env=False) as client:
            ready = await client.get(f"http://127.0.0.1:{port}/readyz")
        assert ready.status_code == 503
        assert ready.json()["parts"]["database"] == "cannot be written: read_only"
        answer = await world.command("sev1", title=TITLE)
        assert "データベースが止まっていて" in answer.text
        post = await world.expect_message("p0-alerts", contains=TITLE, pings_here=True)
        await world.expect_dm("primary", contains=TITLE)
        await _read_only(world.database_url, to="off")
        await stage.back()
        await world.expect_text(post, "**INC-1**")
        await world.human.until(lambda: world._thread(post.id), "the thread")
        for words in ("開始時刻", "SEV1"):
            await world.expect_message(post.id, contains=words)


async def _read_only(dsn: str, *, to: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("SET default_transaction_read_only = off")
    await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {to}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()

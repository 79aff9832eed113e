"""PostgreSQL is away: deadlines are kept, alerts get through, afterwards it is one story. Rows 13, 14."""

import json
import signal
from pathlib import Path

import asyncpg
import httpx
import pytest

from bot.demo.process import ChildDied
from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from local_discord.client import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.outage.stoppable_database import (
    TITLE,
    everybody_is_told,
    mails,
    near_the_deadline,
    staged,
)
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

TRIAGED = "管理画面が開かない"


async def test_a_deadline_while_the_database_is_away(
    make_world: MakeWorld, tmp_path: Path, prepared: Path
) -> None:
    """[13] The escalation is posted once and mailed.

    A process that starts afterwards, and knows of nothing, does not ring again for what was told: not even
    when Discord knows the nonce no more. Afterwards it is the regular escalation, with its buttons, and the
    ladder goes on.
    """
    async with staged(make_world, tmp_path, prepared) as stage:
        world, first = stage.world, stage.world.bot.child
        label = await near_the_deadline(stage)
        await stage.pass_the_deadline()
        post = await world.expect_message(
            "p0-alerts", contains=f"{label} {TITLE} · 15 分経っても ack なし", pings_here=True
        )
        await everybody_is_told(stage)
        await stage.until_it_counts_as_away()
        first.signal(signal.SIGSTOP)
        stage.server.start()
        await world.shift(minutes=6)
        await world.start_bot()
        with pytest.raises(ChildDied):
            await world.bot.child.line_with('"escalation.decided', within_s=3)
        await stage.back()
        await world.expect_text(post, "誰も取らないと：")
        # One may come twice, by each process: under one Message-ID, which mailboxes show once.
        assert len({mail["Message-ID"] for mail in stage.box.mails}) == 2
        await world.fast_forward(minutes=16)
        await world.expect_message("p0-alerts", contains=f"⏫ SEV1 · {TITLE} · **", pings_here=True)
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=TITLE)
        rows = await world.rows("SELECT index, status FROM escalation_steps ORDER BY index LIMIT 4")
        assert [row["status"] for row in rows] == ["done", "done", "done", "pending"]


async def test_raised_while_the_database_is_away(
    make_world: MakeWorld, tmp_path: Path, prepared: Path
) -> None:
    """[13] /sev1 is posted, mailed and answered, and a triage card can be confirmed during the outage.

    Killed in between, each becomes one incident.
    """
    async with staged(make_world, tmp_path, prepared) as stage:
        world = stage.world
        await stage.until_mirrored(steps=0)
        walk = TriageWalk(world.human, "responder", "general")
        card = await walk.answer(
            await walk.begin(TriageReport(TRIAGED, targets=["api.parky.co.jp"], symptoms=["errors"])),
            *SEV1.answers,
        )
        await world.idle()
        stage.server.stop()
        said = await world.command("sev1", title=TITLE)
        assert "データベースが止まっていて" in said.text
        assert "2 人に" in said.text
        post = await world.expect_message("p0-alerts", contains=f"🔴 SEV1 · {TITLE}", pings_here=True)
        dm = await world.expect_dm("primary", contains=TITLE)
        await world.human.until(lambda: mails(stage, 2), "both mails")
        await walk.answer(card, CONFIRM)
        triaged = await world.expect_message("p0-alerts", contains=TRIAGED, pings_here=True)
        await world.expect_dm("primary", contains=TRIAGED)
        await world.human.react("primary", dm, "👀")
        await world.kill_bot()
        stage.server.start()
        await world.start_bot()
        await stage.back()
        for title, found in ((TITLE, post), (TRIAGED, triaged)):
            await _is_one_incident(world, title, found)
        assert len(await world.rows("SELECT FROM incidents")) == 2


async def test_killed_while_the_database_is_away(
    make_world: MakeWorld, tmp_path: Path, prepared: Path
) -> None:
    """[13] A bot that starts without a database still keeps the deadlines that it knew: of three, one rings.

    A button ack right before the outage has reached the emergency file, and a 👀 is read from Discord; it is
    recorded later.
    """
    async with staged(make_world, tmp_path, prepared) as stage:
        world = stage.world
        acked, seen = [await world.declare(SEV1, title=title) for title in ("押した", "見ている")]

        async def acknowledge(_: Alert) -> None:
            await world.click(acked, "ack", by="secondary")

        label = await near_the_deadline(stage, at_last=acknowledge)
        await stage.until_mirrored(steps=10)
        await world.kill_bot()
        await world.begin_bot()
        said = json.loads(await world.bot.child.line_with('"database.not_writable"', within_s=PATIENCE_S))
        assert said["watched"] == 2
        await world.human.react("responder", seen.post, "👀")
        await stage.pass_the_deadline()
        await world.expect_message("p0-alerts", contains=f"{label} {TITLE}", pings_here=True)
        await everybody_is_told(stage)
        await world.bot.child.line_with('"emergency.acknowledged"', within_s=PATIENCE_S)
        await stage.back()
        await world.expect_text(seen.post, "@responder が対応中")
        await world.expect_text(acked.post, "@secondary が対応中")
        await world.expect_nothing_more()
        assert all(TITLE in str(mail["Subject"]) for mail in stage.box.mails)
        rows = await world.rows("SELECT status FROM incidents ORDER BY id")
        assert [row["status"] for row in rows] == ["acknowledged", "acknowledged", "triggered"]


async def test_a_database_that_takes_no_writes(make_world: MakeWorld, tmp_path: Path, prepared: Path) -> None:
    """[14] A loud alarm, with the reason; alerts get through; afterwards they are taken in."""
    async with staged(make_world, tmp_path, prepared) as stage:
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
        await _is_one_incident(world, TITLE, post)


async def _is_one_incident(world: World, title: str, post: Message) -> None:
    """The post has become the alert of one incident, with its thread."""
    [row] = await world.rows(
        "SELECT id, alert_message_id::text AS post FROM incidents WHERE title = $1", title
    )
    assert row["post"] == post.id
    await world.expect_text(post, f"INC-{row['id']}")
    await world.expect_thread(post.id)
    for words in ("開始時刻", "SEV1"):
        await world.expect_message(post.id, contains=words)


async def _read_only(dsn: str, *, to: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("SET default_transaction_read_only = off")
    await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {to}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()

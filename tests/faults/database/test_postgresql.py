"""Rows 12, 13 and 15: PostgreSQL goes away, or has no free connection."""

import asyncio
import signal
import time
from datetime import timedelta
from typing import Any

import pytest

from bot.storage.embedded import EmbeddedPostgres
from tests.faults.conftest import Figure
from tests.faults.judge.seen import ESCALATES
from tests.faults.stage.bot_under_test import AWAY_S
from tests.faults.stage.own_server import server, shared
from tests.faults.stage.stage import Stage
from tests.patience import PATIENCE_S
from tests.postgres import connect, shift_clock

__all__ = ["server", "shared"]

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-postgresql")]

_FIRST_RESPONSE_MS = 3000
_SAID_S = 10.0
_NONCE_IS_FORGOTTEN = timedelta(minutes=11)
_FIRST_RUNG = "SELECT status FROM escalation_steps WHERE incident_id = $1 AND index = 1"
_PEOPLE = 12  # more than the bot has connections


async def test_row_12_postgresql_restarts(stage: Stage, figure: Figure, server: EmbeddedPostgres) -> None:
    """After PostgreSQL restarts, old deadlines hold and new incidents are accepted, without any action."""
    alert = await stage.sev1("行12 決済 API が 5xx")
    stage.falls_ill()
    server.stop()
    server.start()
    began = time.monotonic()
    await stage.world.bot.child.wait_until_ready(within_s=PATIENCE_S)
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
    """A P0 that cannot be recorded still reaches people, and missed deadlines are caught up."""
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
    await stage.world.bot.child.wait_until_ready(within_s=PATIENCE_S)
    stage.recovers()
    await stage.escalated(before.number)
    number = await stage.number(title)
    await stage.world.idle()
    assert len(stage.escalations(before.number)) == 1
    # Posted before it had a number: that very post is the alert now.
    about = [post for post in stage.posts() if title in post.text and post.place == "p0-alerts"]
    [post] = [post for post in about if ESCALATES not in post.text]
    [row] = await stage.world.rows("SELECT alert_message_id FROM incidents WHERE id = $1", number)
    assert row["alert_message_id"] == post.id
    figure(f"{len(mail)} email, then INC-{number} with 1 post")


async def test_row_13_alive_through_the_twenty_minutes(
    stage: Stage, figure: Figure, server: EmbeddedPostgres
) -> None:
    """A bot without a database escalates at the deadline once, and records it afterwards."""
    alert = await stage.sev1("行13 期限を越えて")
    number, world = alert.number, stage.world
    await stage.mirrored("行13 期限を越えて")
    away = timedelta(seconds=AWAY_S)
    stage.falls_ill()
    server.stop()
    try:
        await world.human.advance_clock(away.total_seconds())
        world.bot.child.signal(signal.SIGRTMIN)
        began = stage.now()
        [rung] = await stage.escalated(number)
        mails = await stage.until(
            lambda: [m for m in stage.box.mails if alert.label in str(m["Subject"])], "the email"
        )
        world.bot.child.signal(signal.SIGSTOP)  # the database's time goes on by itself now
    finally:
        server.start()
    await shift_clock(world.database_url, away)
    world.bot.child.signal(signal.SIGCONT)
    await world.bot.child.wait_until_ready(within_s=PATIENCE_S)
    stage.recovers()
    await world.idle()
    assert rung.rings
    assert [post.id for post in stage.escalations(number)] == [rung.id]
    [step] = await world.rows(_FIRST_RUNG, number)
    assert step["status"] == "done"
    late_s = (rung.at - began).total_seconds()
    figure(f"rung without it after {late_s:.1f} s, {len(mails)} emails, 0 doubles")


async def test_row_13_postgresql_goes_away_right_after_a_commit(
    stage: Stage, figure: Figure, server: EmbeddedPostgres
) -> None:
    """An incident committed right before the outage is announced without the database, once."""
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
    await stage.world.bot.child.wait_until_ready(within_s=PATIENCE_S)
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
    await stage.mirrored(title, is_tried=True)
    server.stop()
    try:
        await world.human.advance_clock(_NONCE_IS_FORGOTTEN.total_seconds())
        await world.human.clear_faults()
        await stage.until(lambda: _said(stage)[told:], "what was owed is said", within_s=60)
    finally:
        server.start()
    await shift_clock(world.database_url, _NONCE_IS_FORGOTTEN)
    await world.bot.child.wait_until_ready(within_s=PATIENCE_S)
    stage.recovers()
    number = await stage.number(title)
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    await world.idle()
    assert len(stage.alerts(number)) == 1
    figure("1 post, found in the channel")


async def test_row_15_every_connection_is_taken(stage: Stage, figure: Figure) -> None:
    """While the database answers no one, each command and a reported P0 get an answer within 3 s."""
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
        await stage.world.bot.child.wait_until_ready(within_s=PATIENCE_S)
    assert max(waited) < _FIRST_RESPONSE_MS
    await stage.until(lambda: _settled(stage, asked), "an answer to each")
    number = await stage.number(title)
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    figure(f"{len(waited)} first responses, the last after {max(waited)} ms")


def _said(stage: Stage) -> list[dict[str, Any]]:
    return [entry for entry in stage.world.bot.entries() if entry["event"] == "emergency.said"]


async def _settled(stage: Stage, asked: list[str]) -> bool:
    return all([(await stage.answer_now(one)).state == "responded" for one in asked])

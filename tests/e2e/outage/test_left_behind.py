"""A process that starts records what a dead one did without the database. Row 13."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from local_discord.client import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.outage.stoppable_database import TITLE as RANG
from tests.e2e.outage.stoppable_database import Stage, everybody_is_told, near_the_deadline, staged
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

RAISED = "管理画面が開かない"

_LEASES_PASS = "UPDATE shard_leases SET expires_at = expires_at - interval '1 minute'"


@dataclass(frozen=True, slots=True)
class Left:
    """The contents of the file of a process that was killed.

    Attributes:
        rang_at: The time when it took the step of INC-1.
        raised_at: The time when a person reported the other incident.
        said: The time when each message and email was sent, by its key, which begins with "inc" or "report".
    """

    rang_at: datetime
    raised_at: datetime
    said: dict[str, datetime]

    def at(self, whose: str, pattern: str) -> list[datetime]:
        """When those of one incident were out whose key ends with *pattern*."""
        return sorted(at for key, at in self.said.items() if re.match(rf"{whose}:.*:{pattern}$", key))


@asynccontextmanager
async def on_the_second_file(make_world: MakeWorld, folder: Path, data: Path) -> AsyncIterator[Stage]:
    """Start a bot on the second file; the first file belongs to a bot that was killed before the outage.

    The lease of that bot ends at once.
    """
    async with staged(make_world, folder, data) as stage:
        first, own = stage.world.bot.child, stage.spool.with_stem(f"{stage.spool.stem}-1")
        await stage.world.start_bot()
        await first.kill()
        await stage.world.rows(_LEASES_PASS)
        await stage.world.bot.child.line_with('"gateway.ready"', within_s=PATIENCE_S)
        yield replace(stage, spool=own)


async def rung_and_raised(stage: Stage) -> tuple[Message, Message]:
    """Without a database: INC-1 is escalated, and another incident raised; both posts."""
    world, label = stage.world, await near_the_deadline(stage)
    await stage.pass_the_deadline()
    rang = await world.expect_message(
        "p0-alerts", contains=f"{label} {RANG} · 15 分経っても ack なし", pings_here=True
    )
    await everybody_is_told(stage)
    said = await world.command("sev1", title=RAISED)
    assert "データベースが止まっていて" in said.text
    raised = await world.expect_message("p0-alerts", contains=f"🔴 SEV1 · {RAISED}", pings_here=True)
    await world.expect_dm("primary", contains=RAISED)
    return rang, raised


async def until_noted(stage: Stage) -> Left:
    """Wait until everything is in the file; when it was done."""

    async def look() -> Left | None:
        kept = json.loads(await asyncio.to_thread(stage.spool.read_text))
        if [len(kept[part]) for part in ("posted", "mailed", "taken")] != [5, 4, 2]:
            return None
        at = {key.partition(":")[0]: datetime.fromisoformat(at) for key, at in kept["taken"].items()}
        [report] = kept["reports"]
        said = {key: datetime.fromisoformat(at) for key, at in kept["said"].items()}
        return Left(at["inc"], datetime.fromisoformat(report["raised_at"]), said)

    return await stage.world.human.until(look, "a file that says it all")


async def expect_recorded(world: World, left: Left, *, after: int) -> None:
    """Each once, at the time when it was done, although it was written down minutes later."""
    rows = await world.rows(
        "SELECT incident_id, kind, at FROM timeline WHERE id > $1"
        " AND kind IN ('alert_posted', 'escalated', 'paged', 'emailed') ORDER BY incident_id, kind, at",
        after,
    )
    mailed, dms = r"mail:\w+", r"dm:\w+"
    assert [tuple(row) for row in rows] == [
        (1, "emailed", left.at("inc", mailed)[0]),
        (1, "escalated", left.rang_at),
        *((1, "paged", at) for at in left.at("inc", dms)),
        *((2, "alert_posted", at) for at in left.at("report", "alert")),
        (2, "emailed", left.at("report", mailed)[0]),
        *((2, "paged", at) for at in left.at("report", dms)),
    ]
    steps = await world.rows(
        "SELECT incident_id, count(*) FROM escalation_steps WHERE status = 'done' GROUP BY 1 ORDER BY 1"
    )
    assert [tuple(row) for row in steps] == [(1, 2), (2, 1)]
    [incident] = await world.rows("SELECT triggered_at FROM incidents WHERE title = $1", RAISED)
    assert incident["triggered_at"] == left.raised_at


async def test_what_was_rung_and_raised_by_one_that_was_killed(
    make_world: MakeWorld, tmp_path: Path, prepared: Path
) -> None:
    """[13] A bot that starts records everything that a killed one announced during the outage.

    The nonces have expired by then. No message is sent again, and the next deadline counts from the report.
    """
    async with on_the_second_file(make_world, tmp_path, prepared) as stage:
        world = stage.world
        rang, raised = await rung_and_raised(stage)
        left = await until_noted(stage)
        await world.kill_bot()
        await stage.until_it_counts_as_away()
        await stage.start_server()
        [last] = await world.rows("SELECT max(id) AS id FROM timeline")
        await world.shift(minutes=6)
        await world.start_bot()
        await world.human.until(stage.is_recorded, "everything taken in")
        await world.idle()
        await world.expect_text(rang, "誰も取らないと：")
        await world.expect_text(raised, "INC-2")
        await world.expect_thread(raised.id)
        for words in ("開始時刻", SEV1.name):
            await world.expect_message(raised.id, contains=words)
        await expect_recorded(world, left, after=last["id"])
        await world.expect_nothing_more()
        assert len(stage.box.mails) == 4
        await world.react(rang, by="secondary")
        await world.expect_text(rang, "@secondary が対応中")
        await world.fast_forward(minutes=10)
        await world.expect_message("p0-alerts", contains=f"⏫ SEV1 · {RAISED} · **", pings_here=True)
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=RAISED)

"""Rows 28, 31 and 32: several processes on one database, one of them frozen, stopped or dead."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.shards import LEASE_S
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage
from tests.faults.stage.storm import escalated, open_many
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-instances")]

_TAKEOVER_S = 5.0
_PROMISED_S = 5.0
_TAKING_OVER_S = 3.0  # a busy machine takes its time once the lease is over
_DUE_IN = timedelta(minutes=10)


@pytest.mark.quiet
async def test_row_28_stopped_for_longer_than_its_lease(open_stage: OpenStage, figure: Figure) -> None:
    """A bot frozen right before an escalation sends none when it wakes, since another bot has."""
    async with open_stage() as stage:
        await stage.world.start_bot()
        alert = await stage.sev1("行28 決済 API が 5xx")
        await stage.world.start_bot()
        stage.arm("stop before:send:escalation")
        due = await stage.reach_deadline(alert.number)
        [rung] = await stage.escalated(alert.number)
        late_s = (rung.at - due).total_seconds()
        assert late_s < _PROMISED_S  # nothing was wrong with the other one
        stage.recovers()
        for bot in stage.world.running:
            bot.child.signal(signal.SIGCONT)
        await asyncio.gather(
            *(bot.child.wait_until_ready(within_s=PATIENCE_S) for bot in stage.world.running)
        )
        await stage.world.idle()
        assert len(stage.escalations(alert.number)) == 1
        assert (len(stage.pages(alert.number, "primary")), len(stage.pages(alert.number, "secondary"))) == (
            2,
            1,
        )
        figure(f"rung by the other one {late_s:.1f} s late, 0 doubles")


async def test_row_28_stopped_before_it_makes_a_private_thread(open_stage: OpenStage, figure: Figure) -> None:
    """A bot frozen before it creates a private thread finds the other bot's thread."""
    async with open_stage() as stage:
        await stage.world.start_bot()
        await stage.world.start_bot()
        stage.arm("stop before:send:private_thread")
        title = "行28 非公開"
        await stage.start_command(
            "incident declare", by="primary", severity="SEV1", title=title, private=True
        )
        made = "SELECT thread_id FROM incidents WHERE title = $1 AND alert_message_id IS NOT NULL"
        [row] = await stage.until(lambda: stage.world.rows(made, title), "its thread")
        assert [_is_stopped(bot.child.pid) for bot in stage.world.running].count(True) == 1
        for bot in stage.world.running:
            bot.child.signal(signal.SIGCONT)
        await asyncio.gather(
            *(bot.child.wait_until_ready(within_s=PATIENCE_S) for bot in stage.world.running)
        )
        await stage.world.idle()
        state = await stage.world.human.state()
        assert [one["id"] for one in state["threads"]] == [str(row["thread_id"])]
        await stage.world.command("incident cancel", by="primary", number=await stage.number(title))
        figure("a private thread by the other one, 0 doubles")


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.timeout(400)
async def test_row_31_two_instances_share_many_steps(
    open_stage: OpenStage, figure: Figure, count: int
) -> None:
    """Two bots decide each due step once and announce it once."""
    async with open_stage() as stage:
        await stage.world.human.change("limits", enabled=False)
        made = await open_many(stage.world, {"SEV1": count}, due_in=_DUE_IN)
        await asyncio.gather(stage.world.start_bot(), stage.world.start_bot())
        await stage.reach_deadline(min(made))
        began = time.monotonic()
        await _all_done(stage, within_s=300)
        took_s = time.monotonic() - began
        told = await escalated(stage.world, made)
        assert [number for number in made if told[number] != 1] == []
        shares = [_decided(bot.entries()) for bot in stage.world.bots]
        assert sum(shares) == count, shares
        figure(f"{count} steps in {took_s:.1f} s, shared {shares}, 0 duplicates")


@pytest.mark.quiet
@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.slow)])
async def test_row_32_leader_is_gone(open_stage: OpenStage, figure: Figure, how: signal.Signals) -> None:
    """When the listening process dies or stops, the other one answers commands."""
    async with open_stage() as stage:
        world = stage.world
        await world.start_bot()
        standby = await world.begin_bot()
        await standby.child.line_with('"jobs.runner_started"', within_s=PATIENCE_S)
        await world.human.wait_for_session()
        await _stays(lambda: _sessions(stage, 1), seconds=1.0)
        began, within_s = time.monotonic(), _TAKEOVER_S if how is signal.SIGKILL else LEASE_S + _TAKING_OVER_S
        world.bots[0].child.signal(how)
        await _answers(stage, within_s=within_s)
        took_s = time.monotonic() - began
        assert took_s < within_s
        world.bots[0].child.signal(signal.SIGCONT)
        alert = await stage.sev1("行32 決済 API が 5xx")
        await stage.reach_deadline(alert.number)
        assert len(await stage.escalated(alert.number)) == 1
        await world.idle()
        figure(f"{how.name}: taken over after {took_s * 1000:.0f} ms")


async def _all_done(stage: Stage, *, within_s: float) -> None:
    """Return True if every step is decided and every message sent, given up or obsolete."""

    async def rest() -> bool:
        left = await stage.world.rows(
            "SELECT FROM escalation_steps WHERE status = 'pending'"
            " UNION ALL SELECT FROM deliveries WHERE status IN ('pending', 'sending')"
        )
        return not left

    await stage.until(rest, "all steps and messages done", within_s=within_s)


def _decided(entries: list[dict[str, object]]) -> int:
    decided = (entry for entry in entries if str(entry["event"]).startswith("escalation.decided"))
    return sum(int(str(entry.get("steps", 1))) for entry in decided)


async def _sessions(stage: Stage, count: int) -> bool:
    return int((await stage.world.human.state())["sessions"]) == count


async def _stays(look: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """*look* holds now and goes on to."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert await look(), "one process at a time holds the gateway"
        await asyncio.sleep(0.05)


async def _answers(stage: Stage, *, within_s: float) -> None:
    """Repeat a command until it is answered."""
    deadline = time.monotonic() + within_s
    while True:
        asked = await stage.start_command("incident list", by="admin")
        said = await stage.world.human.answer(asked, wait_s=0.5)
        if said.state == "responded":
            return
        assert time.monotonic() < deadline, "nobody answers"


def _is_stopped(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return stat.rpartition(")")[2].split()[0] == "T"

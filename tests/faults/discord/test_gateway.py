"""Rows 16 to 20: the gateway's connection breaks, goes silent, or is refused for good."""

import asyncio
import time

import pytest

from tests.faults.conftest import Figure, OpenStage
from tests.faults.judge.seen import identifies
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-gateway")]

_EXIT_SETUP = 2
_BEGUN_S = 20.0  # a busy machine takes its time to start three bots
_NOTICED_S = 110.0  # discord.py waits 60 s for a heartbeat's acknowledgement, and looks every 41 s
_POLLED_S = 65.0


async def test_row_16_dropped_and_resumed(stage: Stage, figure: Figure) -> None:
    """A 👀 from the gap arrives by replay and by REST, and counts once."""
    alert = await stage.sev1("行16 決済 API が 5xx")
    await stage.world.fault(gateway="drop")
    await stage.world.human.react("primary", alert.post, "👀")
    await stage.acknowledged(alert.number)
    await stage.logged("gateway.resumed")
    await stage.world.settle()
    acked = await _acks(stage, alert.number)
    assert acked == ["acknowledged"]
    figure(f"resumed, {len(acked)} ack")


async def test_row_17_session_invalidated(stage: Stage, figure: Figure) -> None:
    """A 👀 without any event is read from Discord when the new session begins."""
    alert = await stage.sev1("行17 決済 API が 5xx")
    await stage.world.fault(gateway="invalidate")
    await stage.world.human.react("primary", alert.post, "👀")
    await stage.acknowledged(alert.number)
    await _nobody_is_rung(stage, alert.number)
    assert await _acks(stage, alert.number) == ["acknowledged"]
    figure(f"acknowledged, {await _via(stage, alert.number)}; 0 escalations")


async def test_row_18_down_for_half_an_hour(stage: Stage, figure: Figure) -> None:
    """A step that is due while the gateway is down reads Discord first, and finds the ack."""
    alert = await stage.sev1("行18 決済 API が 5xx")
    await stage.world.fault(gateway="down")
    await stage.world.human.react("primary", alert.post, "👀")
    await stage.reach_deadline(alert.number)
    await stage.acknowledged(alert.number)
    await stage.world.shift(minutes=15)
    await stage.world.idle()
    assert stage.escalations(alert.number) == []
    figure(f"acknowledged, {await _via(stage, alert.number)}; 0 escalations")


@pytest.mark.slow
async def test_row_18_polled_while_nothing_is_due(stage: Stage, figure: Figure) -> None:
    """A 👀 is found within a minute even if no deadline is due."""
    alert = await stage.sev1("行18 まだ期限前")
    await stage.world.fault(gateway="down")
    began = time.monotonic()
    await stage.world.human.react("primary", alert.post, "👀")
    await stage.acknowledged(alert.number, within_s=_POLLED_S)
    figure(f"polled after {time.monotonic() - began:.0f} s")


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_row_19_silent_socket(stage: Stage, figure: Figure) -> None:
    """A silent connection is replaced, and missed events are found."""
    alert = await stage.sev1("行19 決済 API が 5xx")
    since = len(stage.world.bot.entries())
    await stage.world.fault(gateway="silent")
    began = time.monotonic()
    await stage.world.human.react("primary", alert.post, "👀")

    def is_back() -> bool:
        return any(
            e["event"] in ("gateway.resumed", "gateway.ready") for e in stage.world.bot.entries()[since:]
        )

    await stage.until(is_back, "a new connection", within_s=_NOTICED_S)
    took_s = time.monotonic() - began
    await stage.acknowledged(alert.number)
    figure(f"connected anew after {took_s:.0f} s")


@pytest.mark.parametrize("code", [4004, 4014])
async def test_row_20_refused_for_good(stage: Stage, figure: Figure, code: int) -> None:
    """The bot exits at once, says what to change, and does not retry."""
    since = stage.world.sandbox.core.log.next
    await stage.world.fault(gateway="close", code=code)
    async with asyncio.timeout(15):
        assert await stage.world.bot.child.wait() == _EXIT_SETUP
    said = stage.world.bot.child.last_words(1)
    assert "https://discord.com/developers/applications" in said
    stage.world.expect_log(said)
    again = identifies(stage.world.sandbox, since=since)
    assert again == 0
    figure(f"{code}: exit {_EXIT_SETUP}, {again} IDENTIFYs more")


async def test_row_20_crash_loop_keeps_inside_the_budget(open_stage: OpenStage, figure: Figure) -> None:
    """A bot that keeps crashing near the daily IDENTIFY limit does not use it up."""
    async with open_stage() as stage:
        stage.world.expect_log("gateway.identify_budget_low")
        world, token = stage.world, stage.world.sandbox.core.world.application.token
        await world.human.change("limits", identifies_left=1)
        for _ in range(3):
            bot = await world.begin_bot()
            alarm = asyncio.ensure_future(_alarm_about_identify(stage))
            ended = asyncio.ensure_future(bot.child.wait())
            await asyncio.wait({alarm, ended}, timeout=_BEGUN_S, return_when=asyncio.FIRST_COMPLETED)
            alarm.cancel()
            await asyncio.gather(alarm, return_exceptions=True)
            await world.kill_bot()
            await ended
        assert world.sandbox.core.world.application.token == token, "Discord has reset the token"
        assert any(_is_about_identify(entry) for bot in world.bots for entry in bot.entries())
        count = identifies(world.sandbox)
        assert count <= 1
        figure(f"{len(world.bots)} starts, {count} IDENTIFYs with 1 left")


async def _alarm_about_identify(stage: Stage) -> None:
    look = stage.world.bot.entries
    await stage.until(lambda: any(map(_is_about_identify, look())), "an alarm", within_s=_BEGUN_S)


def _is_about_identify(entry: dict[str, object]) -> bool:
    return entry["level"] in ("warning", "error") and "identify" in str(entry["event"]).lower()


async def _acks(stage: Stage, number: int) -> list[str]:
    query = "SELECT action FROM audit WHERE allowed AND (data ->> 'incident_id')::bigint = $1"
    rows = await stage.world.rows(f"{query} AND action IN ('acknowledged', 'joined') ORDER BY id", number)
    return [row["action"] for row in rows]


async def _via(stage: Stage, number: int) -> str:
    [row] = await stage.world.rows("SELECT via FROM responders WHERE incident_id = $1", number)
    return str(row["via"])


async def _nobody_is_rung(stage: Stage, number: int) -> None:
    await stage.world.fast_forward(minutes=16)
    await stage.world.settle()
    assert stage.escalations(number) == []

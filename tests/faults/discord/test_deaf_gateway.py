"""Row 69: the resume host is gone, or the gateway acknowledges heartbeats but sends no events."""

import time

import pytest

from tests.faults.conftest import Figure
from tests.faults.judge.seen import identifies
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-deaf")]

_NOTICED_S = 100.0  # owed for a minute, looked at every 15 s


async def test_row_69_resume_host_gone(stage: Stage, figure: Figure) -> None:
    """The bot starts a new session at the main address, and finds the 👀 of the gap."""
    alert = await stage.sev1("行69 決済 API が 5xx")
    since = stage.world.sandbox.core.log.next
    began = time.monotonic()
    stage.world.sandbox.sessions.forget_all()
    await stage.world.fault(gateway="resume_down")
    await stage.world.human.react("primary", alert.post, "👀")
    await stage.until(lambda: identifies(stage.world.sandbox, since=since), "an IDENTIFY")
    took_s = time.monotonic() - began
    await stage.acknowledged(alert.number)
    await stage.sev1("行69 コマンドも届く")
    figure(f"new session after {took_s:.0f} s")


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_row_69_deaf(stage: Stage, figure: Figure) -> None:
    """A session without events is replaced by one in which commands work; the second time is an alarm."""
    stage.world.expect_log("gateway.still_deaf")
    alert = await stage.sev1("行69 まだ聞こえる")
    took_s = []
    for said in ("gateway.deaf", "gateway.still_deaf"):
        since = len(stage.world.bot.entries())
        await stage.world.fault(gateway="deaf")
        began = time.monotonic()
        await stage.reach_deadline(alert.number)
        await stage.until(lambda: _logged(stage, said, since=since), said, within_s=_NOTICED_S)  # noqa: B023
        took_s.append(time.monotonic() - began)
        if said == "gateway.still_deaf":
            await stage.world.fault(gateway="invalidate")
        await stage.until(lambda: _logged(stage, "gateway.ready", since=since), "READY")  # noqa: B023
        alert = await stage.sev1(f"行69 新しい接続 {len(took_s)}")
    figure(f"new session after {took_s[0]:.0f} s, alarm after {took_s[1]:.0f} s")


def _logged(stage: Stage, event: str, *, since: int) -> bool:
    return any(entry["event"] == event for entry in stage.world.bot.entries()[since:])

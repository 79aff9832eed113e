"""Row 89: the severity is changed to and fro while an escalation is due."""

import pytest

from tests.faults.conftest import Figure
from tests.faults.judge.promise import LATE
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-severity")]

_CHANGES = ("SEV2", "SEV1", "SEV2", "SEV1")


async def test_row_89_severity_to_and_fro(stage: Stage, figure: Figure) -> None:
    """Changes every three minutes, and a SIGKILL among them, move neither the deadline nor a step."""
    alert = await stage.sev1("行89 決済 API が 5xx")
    [row] = await stage.world.rows("SELECT ack_due_at FROM incidents WHERE id = $1", alert.number)
    for to in _CHANGES:
        await stage.world.shift(minutes=3)
        if to == _CHANGES[2]:
            await stage.world.die_and_return()
        said = await stage.world.command("incident severity", number=alert.number, to=to, reason="r")
        assert to in said.text
        await stage.world.idle()
    assert await stage.reach_deadline(alert.number) == row["ack_due_at"]
    [first] = await stage.escalated(alert.number)
    late = first.at - row["ack_due_at"]
    assert late < LATE
    await stage.world.shift(minutes=14)
    await stage.world.idle()
    assert len(stage.escalations(alert.number)) == 1
    await stage.world.shift(minutes=1)
    assert len(await stage.escalated(alert.number, count=2)) == 2
    figure(f"{len(_CHANGES)} changes: {late.total_seconds():.1f} s late, 1 escalation a step")

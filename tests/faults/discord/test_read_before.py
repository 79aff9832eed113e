"""Row 65: reading the reactions fails right before a deadline."""

import pytest

from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-read-before")]

_READ = "GET /channels/*/messages/*/reactions/*"
_FAULTS: dict[str, dict[str, object]] = {
    "503": {"status": 503},
    "a delay": {"delay_s": 1.7},
    "429": {"status": 429, "retry_after": 1.0},
}


async def test_row_65_one_failed_read_rings_nobody(stage: Stage, figure: Figure) -> None:
    """A failed read two seconds before the deadline is repeated, finds the 👀, and no one is paged."""
    for name, fault in _FAULTS.items():
        alert = await stage.sev1(f"行65 {name}")
        await stage.world.fault(gateway="lose", event="MESSAGE_REACTION_ADD")
        await stage.world.react(alert, by="primary")
        await stage.world.fault(route=_READ, **fault)
        await stage.reach_deadline(alert.number, ahead_s=2.5)
        await stage.acknowledged(alert.number)
        await stage.world.shift(minutes=1)
        await stage.world.idle()
        assert stage.escalations(alert.number) == []
        await stage.world.human.clear_faults()
    figure(f"0 rings after {len(_FAULTS)} faults")

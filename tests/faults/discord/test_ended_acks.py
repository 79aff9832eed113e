"""Row 84: the first 👀 of a person who has handed back arrives while no bot is listening."""

import pytest

from tests.e2e.world.alert import Alert
from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-ended-acks")]


@pytest.mark.parametrize("deaf", ["gateway", "killed"])
async def test_row_84_first_eye_after_a_hand_back(stage: Stage, figure: Figure, deaf: str) -> None:
    """A person who acknowledged by button hands back; their first 👀 is found by REST and counts."""
    alert = await stage.sev1(f"行84 {deaf} 決済 API が 5xx")
    await _take_and_hand_back(stage, alert)
    await _react_unheard(stage, alert, deaf)
    await stage.acknowledged(alert.number)
    rung = len(stage.escalations(alert.number))
    await stage.world.fast_forward(minutes=16)
    await stage.world.settle()
    assert len(stage.escalations(alert.number)) - rung == 0
    figure(f"{deaf}: acknowledged, 0 escalations")


async def test_row_84_eye_from_before_the_hand_back(stage: Stage, figure: Figure) -> None:
    """The 👀 of the acknowledge that was handed back is still there after a restart: it does not count."""
    alert = await stage.sev1("行84 前の 👀")
    await stage.world.react(alert, by="primary")
    await stage.acknowledged(alert.number)
    await _hand_back(stage, alert)
    await stage.world.restart_bot()
    await stage.world.settle()
    await stage.reach_deadline(alert.number)
    assert await stage.escalated(alert.number)
    [row] = await stage.world.rows("SELECT status FROM incidents WHERE id = $1", alert.number)
    assert row["status"] == "triggered"
    figure("old 👀: escalated at its deadline")


async def _take_and_hand_back(stage: Stage, alert: Alert) -> None:
    await stage.world.click(alert.dms["primary"], "ack", by="primary")
    await stage.acknowledged(alert.number)
    await _hand_back(stage, alert)


async def _hand_back(stage: Stage, alert: Alert) -> None:
    """Press 手を離す under the DM, and wait until the incident is open to all again."""
    dm = await stage.world.expect_text(alert.dms["primary"], "あなたが対応中")
    await stage.world.human.press("primary", dm, "手を離す")

    async def is_triggered() -> bool:
        [row] = await stage.world.rows("SELECT status FROM incidents WHERE id = $1", alert.number)
        return str(row["status"]) == "triggered"

    await stage.until(is_triggered, "the ladder")


async def _react_unheard(stage: Stage, alert: Alert, deaf: str) -> None:
    """Put primary's 👀 under the alert while no bot has a session."""
    if deaf == "killed":
        await stage.world.kill_bot()
        await stage.world.human.react("primary", alert.post, "👀")
        await stage.revive()
    else:
        await stage.world.fault(gateway="invalidate")
        await stage.world.human.react("primary", alert.post, "👀")

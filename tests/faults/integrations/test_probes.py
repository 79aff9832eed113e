"""Row 81: the process that probes dies between two failures, or between the second one and its alert."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from bot.runbook import default_policy_text
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage
from tests.integration.outbound.upstream import Behaviour, Upstream, says, upstream

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-probes")]

_OK: Final[Behaviour] = says(200, b'{"ok": true}')
_DOWN: Final[Behaviour] = says(503, b"busy")

#: None: after the first failure. The others: after the second one, before its alert is tracked, or posted.
_POINTS: Final = (None, "after:commit:save_probe", "before:send:alert")

_PROBE: Final = """
[probes.api]
url = "http://127.0.0.1:{port}/health"
severity = "SEV1"
private = true
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target() -> AsyncIterator[Upstream]:
    """What is probed."""
    async with upstream(_OK) as there:
        yield there


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    open_stage: OpenStage, target: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """The module's stage, whose bot probes it."""
    async with open_stage(RUNBOOK_FILE=_policy(tmp_path_factory.mktemp("policy"), target.port)) as stage:
        await stage.world.start_bot()
        await stage.until(lambda: _is_known(stage), "the probe's row, which says when it is due first")
        yield stage
        await stage.world.stop_bot()


def _policy(folder: Path, port: int) -> str:
    path = folder / "probes.toml"
    text = default_policy_text().replace("\nwatch = true", "\nwatch = false")
    path.write_text(text + _PROBE.format(port=port), encoding="utf-8")
    return str(path)


async def _alerts(stage: Stage) -> list[dict[str, Any]]:
    query = "SELECT id, status, occurrences FROM incidents WHERE kind = 'alert' ORDER BY id"
    return [dict(row) for row in await stage.world.rows(query)]


async def _is_known(stage: Stage) -> bool:
    return bool(await stage.world.rows("SELECT FROM probes WHERE name = 'api'"))


async def _streak(stage: Stage, outcome: str) -> int:
    query = "SELECT streak FROM probes WHERE name = 'api' AND outcome = $1"
    return sum(row["streak"] for row in await stage.world.rows(query, outcome))


async def _turns(stage: Stage, outcome: str, count: int) -> None:
    """Let intervals pass until the target has been found so *count* times in a row."""
    while (seen := await _streak(stage, outcome)) < count:
        await stage.world.shift(minutes=1)
        await stage.until(lambda: _more(stage, outcome, seen), f"{seen + 1} times {outcome}")


async def _more(stage: Stage, outcome: str, seen: int) -> bool:
    return await _streak(stage, outcome) > seen


@pytest.mark.parametrize("point", _POINTS)
async def test_row_81_the_prober_dies(
    stage: Stage, target: Upstream, figure: Figure, point: str | None
) -> None:
    """When the probing bot dies, another takes over: one alert with one post, which the recovery closes."""
    world, before = stage.world, len(await _alerts(stage))
    await _turns(stage, "ok", 1)
    prober = world.bot
    await world.start_bot()  # it does not probe as long as the first one does
    target.behaviour = _DOWN
    await _turns(stage, "failed", 1)
    stage.falls_ill()
    if point is None:
        await prober.child.kill()
    else:
        stage.arm(point)
        await world.shift(minutes=1)
        await stage.until(lambda: len(world.running) == 1, "one of them to die")
    stage.disarm()
    stage.recovers()
    await _turns(stage, "failed", 3)
    await stage.until(lambda: _are(stage, before, "triggered"), "the alert")
    await world.idle()
    target.behaviour = _OK
    await _turns(stage, "ok", 2)
    await stage.until(lambda: _are(stage, before, "resolved"), "its end")
    await world.idle()
    *_, alert = await _alerts(stage)
    assert alert["occurrences"] == 1
    [post] = stage.alerts(alert["id"])
    [shown] = [one for one in await world.posts("p0-alerts") if int(one.id) == post.id]
    assert "🟢" in shown.text
    assert "@Probe" in shown.text
    figure("1 alert, 1 post, closed by its recovery")


async def _are(stage: Stage, before: int, status: str) -> bool:
    """Return True if there is one new alert, in that state."""
    found = (await _alerts(stage))[before:]
    assert len(found) <= 1, found
    return [one["status"] for one in found] == [status]

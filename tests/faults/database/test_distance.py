"""Row 61: PostgreSQL is far away, and every statement takes a round trip."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.conftest import Figure, OpenStage
from tests.faults.judge.promise import LATE
from tests.faults.stage.behind import Behind, behind
from tests.faults.stage.stage import Stage

_ALERTS = 3
_TOO_FAR_MS = 200


@contextmanager
def _far(there: Behind, away_ms: int) -> Iterator[None]:
    """Move the database so far away for the block."""
    there.proxy.delay_s = away_ms / 2000
    yield
    there.proxy.delay_s = 0.0


async def _alert(stage: Stage, title: str) -> float:
    """Seconds from a command to its alert."""
    started = time.monotonic()
    await stage.start_command("sev1", title=title)
    await stage.until(
        lambda: [post for post in stage.posts_in("p0-alerts") if title in post.text and post.rings],
        f"the alert of {title}",
    )
    return time.monotonic() - started


async def _soonest_alert(there: Behind, *, away_ms: int, within_s: float) -> tuple[int, float]:
    """Return an incident whose alert came in time from a database that far away, and its seconds.

    One of a few: what else the machine does is not the bot's.
    """
    stage = there.stage
    for attempt in range(_ALERTS):
        title = f"行61 {away_ms} ms {attempt}"
        with _far(there, away_ms):
            took_s = await _alert(stage, title)
        await stage.world.idle()
        number = await stage.number(title)
        if took_s < within_s:
            return number, took_s
        # it would have a deadline of its own to wait for
        await stage.world.command("incident cancel", by="admin", number=number)
    raise AssertionError(f"{_ALERTS} alerts took longer than {within_s} s, the last {took_s:.2f} s")


@pytest.mark.quiet
async def test_row_61_the_database_is_far_away(open_stage: OpenStage, figure: Figure) -> None:
    """With a database 50 or 100 ms away, alerts are posted soon and escalations are not late.

    Both distances are tried at the same time: each bot does little but wait for its own database, which is
    near while nothing is measured.
    """
    async with asyncio.TaskGroup() as distances:
        for away_ms, within_s in {50: 1.2, 100: 2.0}.items():
            row = _keeps_its_promises(open_stage, figure, away_ms=away_ms, within_s=within_s)
            distances.create_task(row)


async def _keeps_its_promises(
    open_stage: OpenStage, figure: Figure, *, away_ms: int, within_s: float
) -> None:
    async with behind(open_stage) as there:
        await there.start_bot()
        await there.stage.world.idle()
        number, took_s = await _soonest_alert(there, away_ms=away_ms, within_s=within_s)
        with _far(there, away_ms):
            due = await there.stage.reach_deadline(number)
            [rung] = await there.stage.escalated(number)
        late = rung.at - due
        figure(f"{away_ms} ms: alert {took_s:.2f} s, escalation {late.total_seconds():.2f} s late")
        assert late < LATE


async def test_row_61_a_bot_starts_far_from_its_database(open_stage: OpenStage, figure: Figure) -> None:
    """A bot 200 ms away from its database becomes ready, posts an alert and warns of the distance.

    Nothing is promised of deadlines at this distance.
    """
    async with behind(open_stage) as there:
        with _far(there, _TOO_FAR_MS):
            await there.start_bot()
            took_s = await _alert(there.stage, "行61 遠い")
        said = await there.stage.logged("database.reached")
        assert said["level"] == "warning"
        assert _TOO_FAR_MS <= said["round_trip_ms"] < 3 * _TOO_FAR_MS
        figure(f"{_TOO_FAR_MS} ms: ready, alert {took_s:.2f} s")

"""Row 61: PostgreSQL is far away, and every statement takes a round trip."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.conftest import Figure, OpenStage
from tests.faults.promise import LATE
from tests.faults.stage import Stage
from tests.pg_proxy import PgProxy

_ALERTS = 3


@asynccontextmanager
async def _far(open_stage: OpenStage, away_ms: int) -> AsyncIterator[Stage]:
    """Open a stage with a bot whose database is this far away."""
    async with (
        open_stage() as stage,
        PgProxy(stage.world.database_url, delay_s=away_ms / 2000).running() as proxy,
    ):
        await stage.world.start_bot(DATABASE_URL=proxy.dsn())
        yield stage
        await stage.world.stop_bot()


async def _alert(stage: Stage, title: str) -> float:
    """Seconds from a command to its alert."""
    started = time.monotonic()
    await stage.start_command("sev1", title=title)
    await stage.until(
        lambda: [post for post in stage.posts_in("p0-alerts") if title in post.text and post.rings],
        f"the alert of {title}",
    )
    return time.monotonic() - started


async def _rested_alert(stage: Stage, title: str) -> float:
    """The same, with all that follows it."""
    took = await _alert(stage, title)
    await stage.world.idle()
    return took


@pytest.mark.quiet
async def test_row_61_the_database_is_far_away(open_stage: OpenStage, figure: Figure) -> None:
    """Alerts are posted soon, and escalations are not late; at 200 ms a bot warns and still becomes ready.

    All three at the same time: each bot does little but wait for its own database.
    """
    async with asyncio.TaskGroup() as distances:
        for row in (
            _keeps_its_promises(open_stage, figure, away_ms=50, within_s=1.2),
            _keeps_its_promises(open_stage, figure, away_ms=100, within_s=2.0),
            _gets_ready(open_stage, figure, away_ms=200),
        ):
            distances.create_task(row)


async def _keeps_its_promises(
    open_stage: OpenStage, figure: Figure, *, away_ms: int, within_s: float
) -> None:
    async with _far(open_stage, away_ms) as stage:
        await stage.world.idle()
        title = f"行61 {away_ms} ms"
        took = [await _rested_alert(stage, f"{title} {number}") for number in range(_ALERTS)]
        number, *others = [await stage.number(f"{title} {number}") for number in range(_ALERTS)]
        for other in others:  # each would have a deadline of its own to wait for
            await stage.world.command("incident cancel", by="admin", number=other)
        due = await stage.reach_deadline(number)
        [rung] = await stage.escalated(number)
        late = rung.at - due
        figure(f"{away_ms} ms: alert {min(took):.2f} s, escalation {late.total_seconds():.2f} s late")
        assert min(took) < within_s  # what else the machine does is not the bot's
        assert late < LATE
        said = await stage.logged("database.reached")
        assert away_ms <= said["round_trip_ms"] < 3 * away_ms
        await stage.finish()


async def _gets_ready(open_stage: OpenStage, figure: Figure, *, away_ms: int) -> None:
    """Nothing is promised of deadlines at this distance."""
    async with _far(open_stage, away_ms) as stage:
        stage.falls_ill()
        figure(f"{away_ms} ms: ready, alert {await _alert(stage, '行61 遠い'):.2f} s")
        assert (await stage.logged("database.reached"))["level"] == "warning"
        stage.recovers()

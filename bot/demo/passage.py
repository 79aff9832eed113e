"""Time passes in the demo: from deadline to deadline, so that all happens in its order and at its time.

One leap over several deadlines would ring them all at once, late.
"""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from bot.demo import clock
from bot.demo.deadlines import DIGEST, Deadline, next_stop
from bot.demo.stage import Stage
from local_discord.client import NotSeen

Tell = Callable[[datetime], Awaitable[None]]

_PATIENCE_S: Final = 45.0  # of the person at the page; the next press goes on from there
_WORK_S: Final = 60.0  # of work that fell due at once, on a busy machine
_LOOK_S: Final = 4.0  # it looks at its clock every second
_SLACK: Final = timedelta(seconds=1)  # a job that wakes up a moment early looks again
_EDITS: Final = 6  # rounds of edits that follow each other


async def pass_time(stage: Stage, until: datetime, tell: Tell) -> bool:
    """Move bot, database and local Discord to *until*.

    Args:
        tell: Told where the clock goes, before each step.

    Returns:
        False when it took too long, and stopped before *until*.

    Raises:
        NotSeen: The bot does not come to rest.
    """
    began_s = time.monotonic()
    while (now := await _rested(stage)) < until:
        if time.monotonic() - began_s > _PATIENCE_S:
            return False
        stop = await next_stop(stage.connection, stage.setup.policy)
        to = min(stop.at, until) + _SLACK
        await tell(to)
        if await clock.is_working(stage.connection):
            continue  # what has begun meanwhile may bring a nearer stop
        await stage.move(to - now)
        if stop.is_hour and stop.at <= until:
            await _looked(stage, stop)
    await _edited(stage)
    return True


async def _rested(stage: Stage) -> datetime:
    """Return the time at which nothing runs or is due."""
    await _done(stage)
    return await _now(stage)


async def _now(stage: Stage) -> datetime:
    now: datetime = await stage.connection.fetchval("SELECT now()")
    return now


async def _done(stage: Stage) -> None:
    """Wait until nothing runs or is due: a job in flight would look abandoned, and run a second time."""

    async def idle() -> bool:
        return not await clock.is_working(stage.connection)

    await stage.until(idle, "the bot at rest", within_s=_WORK_S)


async def _looked(stage: Stage, hour: Deadline) -> None:
    """Wait until the bot has seen that it is the hour. Some hours are none of its business."""
    zone = stage.setup.policy.timezone
    morning = None if hour.kind == DIGEST else hour.at.astimezone(zone).date()

    async def look() -> bool:
        return await clock.is_looked_at(stage.connection, hour.at, morning=morning)

    with suppress(NotSeen):
        await stage.until(look, "the hour", within_s=_LOOK_S)


async def _edited(stage: Stage) -> None:
    """Let the seconds pass for which the last edits wait."""
    for _ in range(_EDITS):
        due = await clock.next_edit(stage.connection)
        if due is None:
            break
        await stage.move(max(due - await _now(stage), timedelta()))
        await _done(stage)
    with suppress(NotSeen):
        await stage.rest()  # the bot counts Discord's limits in real seconds, and edits after these

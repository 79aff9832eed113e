"""Moves the demo's clock from deadline to deadline, so that each falls due in its order and at its time.

One leap over several deadlines would make them all fall due at once, late.
"""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from bot.demo import clock
from bot.demo.deadlines import DIGEST, ClockStop, next_stop
from bot.demo.running_demo import RunningDemo
from local_discord.client import NotSeen

Tell = Callable[[datetime], Awaitable[None]]

_PATIENCE_S: Final = 45.0  # of the person at the page; the next press goes on from there
_WORK_S: Final = 60.0  # of work that fell due at once, on a busy machine
_LOOK_S: Final = 4.0  # it looks at its clock every second
_SLACK: Final = timedelta(seconds=1)  # a job that wakes up a moment early looks again
_EDITS: Final = 6  # rounds of edits that follow each other


async def pass_time(demo: RunningDemo, until: datetime, tell: Tell) -> bool:
    """Move bot, database and local Discord to *until*.

    Args:
        tell: Told where the clock goes, before each step.

    Returns:
        False when it took too long, and stopped before *until*.

    Raises:
        NotSeen: The bot does not come to rest.
    """
    began_s = time.monotonic()
    while True:
        await _done(demo)
        if (now := await _now(demo)) >= until:
            break
        if time.monotonic() - began_s > _PATIENCE_S:
            return False
        stop = await next_stop(demo.connection, demo.setup.policy)
        to = (until if stop is None else min(stop.at, until)) + _SLACK
        await tell(to)
        if await clock.is_working(demo.connection):
            continue  # what has begun meanwhile may bring a nearer stop
        await demo.move(to - now)
        if stop is not None and stop.is_hour and stop.at <= until:
            await _looked(demo, stop)
    await _edited(demo)
    return True


async def _now(demo: RunningDemo) -> datetime:
    now: datetime = await demo.connection.fetchval("SELECT now()")
    return now


async def _done(demo: RunningDemo) -> None:
    """Wait until nothing runs or is due: a job in flight would look abandoned, and run a second time."""

    async def idle() -> bool:
        return not await clock.is_working(demo.connection)

    await demo.until(idle, "the bot at rest", within_s=_WORK_S)


async def _looked(demo: RunningDemo, hour: ClockStop) -> None:
    """Wait until the bot has seen that it is the hour. Some hours are none of its business."""
    zone = demo.setup.policy.timezone
    morning = None if hour.kind == DIGEST else hour.at.astimezone(zone).date()

    async def look() -> bool:
        return await clock.is_looked_at(demo.connection, hour.at, morning=morning)

    with suppress(NotSeen):
        await demo.until(look, "the hour", within_s=_LOOK_S)


async def _edited(demo: RunningDemo) -> None:
    """Let the seconds pass for which the last edits wait."""
    for _ in range(_EDITS):
        due = await clock.next_edit(demo.connection)
        if due is None:
            break
        await demo.move(max(due - await _now(demo), timedelta()))
        await _done(demo)
    with suppress(NotSeen):
        await demo.rest()  # the bot counts Discord's limits in real seconds, and edits after these

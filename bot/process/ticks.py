"""The scheduler as a mere tick: it wakes code that looks at the rows, which decide what is due.

A tick that is missed or runs twice changes nothing, so no job store is needed, and none would be safe:
APScheduler 3 documents a shared one as unsafe.

It counts in the host's wall time: set back by an hour, it would sleep for that hour. So the owner of
the ticks also watches that clock.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import ClassVar, Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.contextvars import bound_contextvars

from bot.domain.errors import UnavailableError
from bot.domain.jobs import BACKGROUND, urgency

log = structlog.get_logger(__name__)

Tick = Callable[[], Awaitable[object]]

AUDIT_S: Final = 20
RECONCILE_S: Final = 60
ONCALL_S: Final = 15
DATABASE_S: Final = 3
GATEWAY_S: Final = 15
HEARTBEAT_S: Final = 60
TIDY_S: Final = 600

_WATCH_S: Final = 1.0
_SET_BACK_S: Final = 1.0  # less than that is a clock being disciplined, and costs a tick no more than that


class Ticks:
    """Runs each tick at once and then every so many seconds; a tick that fails is logged and comes again.

    Attributes:
        minute_starts: The seconds of a minute at which `each_minute` looks, as cron writes them. The second
            is for a database whose clock is a little behind this host's.
    """

    minute_starts: ClassVar[str] = "1"

    def __init__(self) -> None:
        self._watch: asyncio.Task[None] | None = None
        # A late tick is run, however late, and several that were missed are run as one.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def every(self, seconds: float, tick: Tick, *, name: str) -> None:
        """Run *tick* every so many *seconds*. May be called before or after `start`."""
        self._scheduler.add_job(
            _survivor(tick, name), "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC)
        )

    def each_minute(self, tick: Tick, *, name: str) -> None:
        """Add a tick at once, and then a second after each minute begins.

        What is due at a minute of the day is looked at then, not up to a minute later.
        """
        self._scheduler.add_job(
            _survivor(tick, name),
            "cron",
            second=self.minute_starts,
            id=name,
            next_run_time=datetime.now(UTC),
        )

    def start(self) -> None:
        """Begin ticking, in the running event loop."""
        self._scheduler.start()
        self._watch = asyncio.create_task(self._watch_clock(), name="wall clock")

    def stop(self) -> None:
        """Stop ticking; running ticks are cancelled."""
        if self._watch is not None:
            self._watch.cancel()
        if self._scheduler.running:
            self._scheduler.pause()  # at once: it ends in the loop's next turn, and begins ticks until then
            self._scheduler.shutdown(wait=False)

    async def _watch_clock(self) -> None:
        """Tick at once when the host's clock was set back, and go on from there."""
        ahead_s = _ahead_s()
        while True:
            await asyncio.sleep(_WATCH_S)
            before_s, ahead_s = ahead_s, _ahead_s()
            if before_s - ahead_s > _SET_BACK_S:
                log.warning("clock.set_back", by_s=round(before_s - ahead_s))
                for tick in self._scheduler.get_jobs():
                    tick.modify(next_run_time=datetime.now(UTC))


def _ahead_s() -> float:
    """Return how far the wall clock is ahead of the monotonic one, seconds."""
    return time.time() - time.monotonic()


def _survivor(tick: Tick, name: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        with bound_contextvars(trigger="tick", tick=name), urgency(BACKGROUND):
            try:
                await tick()
            except asyncio.CancelledError:  # by `stop`; the scheduler would log it as an error
                return
            except UnavailableError as error:
                log.warning("tick.postponed", reason=str(error))
            except Exception:  # one bad tick must not be the last
                log.exception("tick.failed")

    return run

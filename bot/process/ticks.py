"""The scheduler as a mere tick: it wakes somebody up to look at the rows, which decide what is due.

A tick that is missed or runs twice changes nothing, so no job store is needed, and none would be safe:
APScheduler 3 documents a shared one as unsafe.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.contextvars import bound_contextvars

from bot.domain.errors import UnavailableError

log = structlog.get_logger(__name__)

Tick = Callable[[], Awaitable[object]]

DIGEST_S: Final = 60
MORNING_S: Final = 60
AUDIT_S: Final = 20
RECONCILE_S: Final = 60
ONCALL_S: Final = 15
DATABASE_S: Final = 3
GATEWAY_S: Final = 15
HEARTBEAT_S: Final = 60


class Ticks:
    """Runs each tick at once and then every so many seconds; a tick that fails is logged and comes again."""

    def __init__(self) -> None:
        # A late tick is run, however late, and several that were missed are run as one.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def every(self, seconds: float, tick: Tick, *, name: str) -> None:
        """Add a tick; before or after `start`."""
        self._scheduler.add_job(
            _survivor(tick, name), "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC)
        )

    def start(self) -> None:
        """Begin ticking, in the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """No more ticks; those that run are cancelled."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def _survivor(tick: Tick, name: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        with bound_contextvars(trigger="tick", tick=name):
            try:
                await tick()
            except asyncio.CancelledError:  # by `stop`; the scheduler would log it as an error
                return
            except UnavailableError as error:
                log.warning("tick.postponed", reason=str(error))
            except Exception:  # one bad tick must not be the last
                log.exception("tick.failed")

    return run

"""Steps that are due at the same moment are decided together. See docs/architecture.md, Storms."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.escalation import StepStatus
from bot.services.escalations import READ_WITHIN_S, Escalations
from bot.services.ports import Store
from bot.services.reconciler import Reconciler

log = structlog.get_logger(__name__)

#: Steps in one commit: as few as make its cost per step small, so that an acknowledge never waits long.
_TOGETHER: Final = 500

#: Incidents whose 👀 are read before they are decided, the gravest first: what Discord lets us read in time.
_READ: Final = 50

#: A step that comes due during a sweep is looked at again after this long; so is one whose sweep has died.
_AGAIN: Final = timedelta(seconds=0.3)
_PUT_OFF: Final = timedelta(seconds=2)


class Sweeps:
    """Handler of the queue's escalate job; may run twice without harm."""

    def __init__(self, store: Store, reconciler: Reconciler, escalations: Escalations) -> None:
        self._store = store
        self._reconciler = reconciler
        self._escalations = escalations
        self._sweeping = False

    async def decide(self, incident_id: int, index: int) -> timedelta | None:
        """A step is due: decide it, and whatever else is due with it.

        Returns:
            When to look again, because this process is deciding others; None when it is decided.
        """
        if not await self._is_pending(incident_id, index):
            return None
        if self._sweeping:
            return _AGAIN
        self._sweeping = True
        try:
            await self._sweep(await self._store.now())
        finally:
            self._sweeping = False
        if await self._is_pending(incident_id, index):  # somebody held its incident, or it is not due yet
            await self._escalations.decide(incident_id, index)
        return None

    async def _sweep(self, before: datetime) -> None:
        """Read the 👀 of the gravest, then decide everything that was due at *before*.

        Each commit is whole, and whatever is left when this process dies is decided by its own job.
        """
        await self._store.put_off_steps(_PUT_OFF)
        gravest = await self._store.due_incidents(before, limit=_READ)
        await self._reconciler.reconcile_within(gravest, READ_WITHIN_S)
        while await self._escalations.decide_due(before, limit=_TOGETHER):
            await self._store.put_off_steps(_PUT_OFF)

    async def _is_pending(self, incident_id: int, index: int) -> bool:
        steps = await self._store.steps(incident_id)
        return any(step.index == index and step.status is StepStatus.PENDING for step in steps)

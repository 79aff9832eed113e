"""Reading the 👀 of incidents before their steps are due, so that no deadline waits for Discord's answer."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.incident.incident import Incident
from bot.services.acknowledging.reconciliation import Reconciler
from bot.services.shared.jobs import READ_AHEAD
from bot.storage.store import Store
from bot.storage.tables.escalation import EscalationRows

log = structlog.get_logger(__name__)

#: How long to ask Discord for the 👀 of incidents that come due together, seconds. Their steps are decided
#: afterwards, even without an answer.
READ_WITHIN_S: Final = 1.5

#: The same for incidents that were not read in that time: a storm must not take that time twice.
READ_ON_S: Final = 0.2

#: How many incidents without an answer, the most severe, may take the whole time once more. The others get
#: `READ_ON_S`.
_MOST_AGAIN: Final = 20
_MOST: Final = 500  # incidents of one reading, the most severe
#: A step that comes due this much later than `READ_AHEAD` is read as well: its own job does nothing if it
#: runs while another one chooses.
_SLACK: Final = timedelta(seconds=0.5)


class ReadingAhead:
    """Reads the 👀 of incidents, and remembers which were read just now. Each process has its own."""

    def __init__(self, store: Store, reconciler: Reconciler) -> None:
        self._store = store
        self._reconciler = reconciler
        self._is_choosing = False
        self._begun: set[int] = set()
        self._read_at: dict[int, datetime] = {}  # on the database's clock, by incident
        self._missed_at: dict[int, datetime] = {}  # the same: once, Discord did not answer in time
        self._tried_at: dict[int, datetime] = {}  # the same: not read in time, so only `READ_ON_S` is left
        self._readings: dict[int, asyncio.Event] = {}  # what is being read, and the end of that

    async def read(self) -> None:
        """Read the 👀 of incidents with a step due within `READ_AHEAD` that are not being read.

        Raises:
            StorageUnavailable. Superseded: see `Reconciler.reconcile`.
        """
        if self._is_choosing:
            return  # the other call chooses these incidents, too: see `_SLACK`
        self._is_choosing = True
        try:
            mine = await self._choose()
        finally:
            self._is_choosing = False
        try:
            await self.read_within(mine, READ_WITHIN_S)
        finally:
            self._begun.difference_update(one.id for one in mine)

    async def _choose(self) -> list[Incident]:
        """Return the incidents with a step due soon that are not being read, and mark them as being read."""
        await EscalationRows(self._store.sql).put_off_until_due()
        now = await self._store.now()
        self._forget(now)
        soon = await EscalationRows(self._store.sql).due_incidents(
            now + READ_AHEAD + _SLACK, since=now, limit=_MOST
        )
        had = self._begun | self._read_at.keys() | self._missed_at.keys() | self._tried_at.keys()
        mine = [one for one in soon if one.id not in had]
        self._begun.update(one.id for one in mine)
        return mine

    async def read_within(
        self, incidents: Sequence[Incident], seconds: float, *, now: datetime | None = None
    ) -> None:
        """Read the 👀 of *incidents*, for *seconds* at most, except where they have just been read.

        An incident counts as read once Discord has answered; without an answer it is asked for once again
        within the same time. An incident that an earlier call could not read in its time gets only
        `READ_ON_S`, after the others. One that another call is reading is waited for; if that call ends
        without an answer, it gets `READ_ON_S` as well.

        Args:
            now: The database's time, where it was asked for already.

        Raises:
            As `read`.
        """
        now = now or await self._store.now()
        self._forget(now)
        unread = [one for one in incidents if one.id not in self._read_at]
        others = [one for one in unread if one.id in self._readings]
        mine, on_s = [one for one in unread if one.id not in self._readings], min(seconds, READ_ON_S)
        ends = {self._readings[one.id] for one in others}
        await asyncio.gather(self._read_each(mine, seconds, now=now), _wait_for(ends, within_s=seconds))
        left = [one for one in others if one.id not in self._read_at]
        await self._read_each([one for one in left if one.id not in self._readings], on_s, now=now)
        if late := [one.id for one in left if one.id in self._readings]:
            log.warning("reconciliation.cut_short", incidents=len(late), after_s=seconds)

    def _forget(self, now: datetime) -> None:
        self._read_at = _lately(self._read_at, now)
        self._missed_at = _lately(self._missed_at, now)
        self._tried_at = _lately(self._tried_at, now)

    async def _read_each(self, incidents: Sequence[Incident], seconds: float, *, now: datetime) -> None:
        again = [one for one in incidents if one.id in self._tried_at]
        first, end = [one for one in incidents if one.id not in self._tried_at], asyncio.Event()
        self._readings |= dict.fromkeys((one.id for one in incidents), end)
        try:
            for some, within_s in ((first, seconds), (again, min(seconds, READ_ON_S))):
                progress = await self._reconciler.reconcile_within(some, within_s)
                self._read_at |= dict.fromkeys(progress.read, now)
                left = [one.id for one in some if one.id not in progress.read]
                missed = [one for one in left if one in progress.begun and one not in self._missed_at]
                self._missed_at |= dict.fromkeys(missed[:_MOST_AGAIN], now)
                self._tried_at |= dict.fromkeys(set(left).difference(missed[:_MOST_AGAIN]), now)
        finally:
            end.set()
            self._readings = {number: other for number, other in self._readings.items() if other is not end}


async def _wait_for(ends: Iterable[asyncio.Event], *, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            for end in ends:
                await end.wait()


def _lately(times: dict[int, datetime], now: datetime) -> dict[int, datetime]:
    return {number: at for number, at in times.items() if now - at < 2 * READ_AHEAD}

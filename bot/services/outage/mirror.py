"""The process's copy of the deadlines in the database, and its steps that are overdue for no known fault."""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.errors import StorageUnavailable
from bot.domain.outage import Journal, Watch, WatchChange
from bot.runbook.model import Policy
from bot.services.outage.journal import Logbook
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.outage import MirrorRows

log = structlog.get_logger(__name__)

#: How often to read what the database says, and how long that may take, seconds.
EVERY_S: Final = 2.0
_PATIENCE_S: Final = 2.0

#: How many incidents are mirrored, those with the nearest deadlines.
MIRRORED: Final = 500

#: How many alerts are known that page nobody when they come again.
_KNOWN: Final = 200

#: How long a step is seen to be due before it is taken without the queue, seconds. They count from the look
#: that saw it first, so after a jump of the clock the queue still has this long.
OVERDUE_S: Final = 3.0

#: How long a step is seen to be due before the mirror is read anew, seconds: it may be old.
_DOUBTFUL_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read from the database; see `Journal`."""

    watches: list[Watch]
    known_alerts: frozenset[str]
    windows: tuple[AlertWindow, ...]
    installation_id: str


class Mirror:
    """Keeps the journal's watches as the database has them.

    A change that this process commits is copied with the commit: the database may be away a moment later.
    The change holds until a reading that began afterwards.

    Attributes:
        book: Where they are kept.
    """

    def __init__(self, store: Store, policy: Policy, book: Logbook, *, guild_id: int) -> None:
        self._store = store
        self._guild_id = guild_id
        self._policy = policy
        self._windows = [
            hold.windows
            for capability in policy.capabilities
            for hold in capability.holds
            if hold.windows is not None
        ]
        self.book = book
        self._committed: dict[str, tuple[Watch | None, float]] = {}
        self._is_full = False
        self._read_at = float("-inf")
        store.listen(self.note)

    def covers(self, severity: str) -> bool:
        """Return True if alerts of *severity* must get through without a database (``email_backup``)."""
        return self._policy.rules(severity).email_backup

    def note(self, change: WatchChange) -> None:
        """Copy a change of the ladders that this process has just committed."""
        now = time.monotonic()
        watches: dict[str, Watch | None] = dict.fromkeys(change.ended)
        watches |= {each.key: each if self.covers(each.severity) else None for each in change.begun}
        self._committed |= {key: (watch, now) for key, watch in watches.items()}
        journal = self.book.journal
        if any(journal.watches.get(key) != watch for key, watch in watches.items()):
            self.book.remember(self.completed(journal))

    def completed(self, journal: Journal) -> Journal:
        """Return *journal* with what was committed since its watches were read."""
        changed = {key: watch for key, (watch, _) in self._committed.items()}
        watches = {**journal.watches, **changed}
        return replace(journal, watches={key: watch for key, watch in watches.items() if watch is not None})

    async def read(self, *, ahead_s: float, at_once: bool = False) -> None:
        """Read the watches from the database every other second. A reading that takes too long is dropped.

        Args:
            ahead_s: The database's time minus ours, seconds.
            at_once: Read even if the last reading was a moment ago.
        """
        now = time.monotonic()
        if now - self._read_at < EVERY_S - 0.5 and not at_once:
            return
        self._read_at = now
        if (found := await self._ask()) is None:
            return
        journal = replace(self.book.journal, known_alerts=found.known_alerts, windows=found.windows)
        if abs(ahead_s - journal.ahead_s) < 1:
            ahead_s = journal.ahead_s  # no news: the file stays as it is
        journal = replace(journal, installation_id=found.installation_id, ahead_s=ahead_s)
        # What was committed since the reading began is kept.
        self._committed = {key: known for key, known in self._committed.items() if known[1] >= now}
        own = {key: watch for key, watch in journal.watches.items() if key in journal.reports}
        mirrored = {**{watch.key: watch for watch in found.watches}, **own}
        await self.book.keep(self.completed(replace(journal, watches=mirrored)))

    async def _ask(self) -> _Read | None:
        """Read what is mirrored; None if the database does not answer in time."""
        without = [name for name in self._policy.severities if not self.covers(name)]
        try:
            async with asyncio.timeout(_PATIENCE_S):
                installation = await InstallationRows(self._store.sql).installation()
                watches = await MirrorRows(self._store.cancellable_sql).watched(
                    without=without, limit=MIRRORED
                )
                known = await MirrorRows(self._store.cancellable_sql).known_alerts(
                    without=without, since=self._policy.alerts.same_within, limit=_KNOWN
                )
                windows = [
                    one for read in self._windows for one in await read(self._store.sql, self._guild_id)
                ]
        except (StorageUnavailable, TimeoutError) as late:
            log.warning("emergency.mirror_stale", reason=type(late).__name__)
            return None
        if self._is_full != (is_full := len(watches) == MIRRORED):
            self._is_full = is_full
            log.warning("emergency.mirror_full" if is_full else "emergency.mirror_whole", most=MIRRORED)
        return _Read(watches, known, tuple(windows), installation.id)


class Overdue:
    """Knows since when this process has seen that a step of the mirror is due."""

    def __init__(self, book: Logbook, queue: QueueWatch) -> None:
        self._book = book
        self._queue = queue
        self._seen_at: dict[str, float] = {}

    def look(self) -> None:
        """Note when each step that is due was first seen to be due."""
        now = time.monotonic()
        self._seen_at = {step: self._seen_at.get(step, now) for step in self._due()}

    @property
    def is_doubtful(self) -> bool:
        """Return True if a step is late according to a mirror that may be old."""
        return any(time.monotonic() - at >= _DOUBTFUL_S for at in self._seen_at.values())

    def watches(self) -> frozenset[str]:
        """Return the keys of the watches with an overdue step; none while the queue decides other steps."""
        if self._queue.is_deciding:
            return frozenset()
        now = time.monotonic()
        return frozenset(
            watch for step, watch in self._due().items() if now - self._seen_at.get(step, now) >= OVERDUE_S
        )

    def _due(self) -> dict[str, str]:
        """Return the keys of the steps that are due and not taken, with the keys of their watches."""
        now, journal = self._book.now(), self._book.journal
        return {
            watch.step_key(step): watch.key
            for watch in journal.watches.values()
            if watch.key not in journal.acknowledged
            for step in watch.rungs
            if step.due_at <= now and watch.step_key(step) not in journal.taken
        }

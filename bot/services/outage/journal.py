"""What a process does without the database: a mirror of the deadlines, and a journal of its work.

The journal is written to a file for the next process. Steps in the mirror that are overdue for no
known fault are taken as well.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from pydantic import TypeAdapter

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.delivery.delivery import Posted
from bot.domain.errors import StorageUnavailable
from bot.domain.outage import Journal, SeenAck, UnrecordedReport, Watch, WatchChange
from bot.runbook.model import Policy
from bot.services.ports import Spool
from bot.services.shared.fencing import boot_s
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.outage import MirrorRows

log = structlog.get_logger(__name__)

#: Changes within so many seconds are written to the file together.
_GATHER_S: Final = 0.05

#: How old the file may become while nothing changes, in seconds.
_WRITE_AGAIN_S: Final = 60.0

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
class _File:
    """A journal as it is stored. Older files lack the fields that have a default."""

    installation_id: str
    ahead_s: float
    watches: list[Watch]
    posted: dict[str, tuple[int, int]]
    taken: dict[str, datetime]
    skipped: list[str]
    mailed: list[str]
    acknowledged: list[str]
    reports: list[UnrecordedReport]
    mirror: UUID | None = None
    said: dict[str, datetime] = field(default_factory=dict)
    known_alerts: list[str] = field(default_factory=list)
    windows: list[AlertWindow] = field(default_factory=list)
    seen_acks: dict[str, SeenAck] = field(default_factory=dict)


_FILE: Final = TypeAdapter(_File)


def read(spool: Spool) -> Journal | None:
    """Return the journal in *spool*; None if there is none, or it is unreadable, which is logged.

    A process without one learns from another's of the same folder what is true for all: the installation, so
    that both send the same nonces, its time, and what pages nobody.
    """
    if (kept := spool.load()) is not None:
        return _parsed(kept)
    if (kept := spool.load_others()) is None or (other := _parsed(kept)) is None:
        return None
    return Journal(
        installation_id=other.installation_id,
        ahead_s=other.ahead_s,
        known_alerts=other.known_alerts,
        windows=other.windows,
    )


def _parsed(stored: Mapping[str, object]) -> Journal | None:
    try:
        return from_data(stored)
    except ValueError as error:
        log.error("emergency.spool_unreadable", error=type(error).__name__)  # noqa: TRY400 -- no bug of ours
        return None


def encoded(journal: Journal) -> bytes:
    """Return *journal* as a JSON object in UTF-8: the same bytes for the same journal."""
    file = _File(
        installation_id=journal.installation_id,
        ahead_s=journal.ahead_s,
        watches=list(journal.watches.values()),
        posted={key: (found.channel_id, found.message_id) for key, found in journal.posted.items()},
        taken=dict(journal.taken),
        skipped=sorted(journal.skipped),
        mailed=sorted(journal.mailed),
        acknowledged=sorted(journal.acknowledged),
        reports=list(journal.reports.values()),
        mirror=journal.mirror,
        said=dict(journal.said),
        known_alerts=sorted(journal.known_alerts),
        windows=list(journal.windows),
        seen_acks={key: seen for key, seen in journal.acknowledged.items() if seen is not None},
    )
    return _FILE.dump_json(file)


def from_data(stored: Mapping[str, object]) -> Journal:
    """Return the journal that `encoded` has written, from its parsed JSON.

    Raises:
        ValueError: it is of another version, or broken.
    """
    file = _FILE.validate_python(stored)
    return Journal(
        mirror=file.mirror,
        installation_id=file.installation_id,
        ahead_s=file.ahead_s,
        watches={watch.key: watch for watch in file.watches},
        posted={key: Posted(channel_id, message_id) for key, (channel_id, message_id) in file.posted.items()},
        said=file.said,
        taken=file.taken,
        skipped=frozenset(file.skipped),
        mailed=frozenset(file.mailed),
        acknowledged={key: file.seen_acks.get(key) for key in file.acknowledged},
        reports={report.watch_key: report for report in file.reports},
        known_alerts=frozenset(file.known_alerts),
        windows=tuple(file.windows),
    )


class Logbook:
    """Keeps the journal; all changes to it are made here.

    Attributes:
        trouble: Why the file cannot be written; None if it can.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._journal = Journal()
        self._saved: bytes | None = None
        self._saved_s = float("-inf")
        self.trouble: str | None = None
        self._saving = asyncio.Lock()
        self._remembering: asyncio.Task[None] | None = None
        self._clock: tuple[datetime, float] | None = None

    @property
    def journal(self) -> Journal:
        """The known deadlines, and the work done without the database."""
        return self._journal

    def load(self) -> None:
        """Read the journal that an earlier process has left. A disk error is logged and stops no start."""
        journal = None
        try:
            journal = read(self._spool)
        except OSError as error:
            self._note_trouble(error)
        journal = journal or Journal()
        self._journal = replace(journal, mirror=journal.mirror or uuid4())

    def set_clock(self, now: datetime) -> None:
        """Set the time to the database's; from then on it passes by itself, not by the host's clock."""
        self._clock = now, boot_s()

    def now(self) -> datetime:
        """Return the database's time; estimated from the host's clock until this process has heard it."""
        if self._clock is None:
            return datetime.now(UTC) + timedelta(seconds=self._journal.ahead_s)
        then, heard_s = self._clock
        return then + timedelta(seconds=boot_s() - heard_s)

    def remember(self, journal: Journal) -> None:
        """Keep the journal as `keep` does, for callers that cannot wait: the file is written soon after."""
        self._journal = journal
        if self._remembering is None or self._remembering.done():
            self._remembering = asyncio.create_task(self._keep_soon(), name="journal")

    async def _keep_soon(self) -> None:
        await asyncio.sleep(_GATHER_S)
        await self.keep(self._journal)

    async def keep(self, journal: Journal) -> None:
        """Remember *journal*, in the file too. A disk error is logged and does not stop an escalation.

        What the file has already is written again now and then, so that a full disk is found in time.
        """
        self._journal = journal
        async with self._saving:
            data = encoded(self._journal)  # with all changes since the call
            if data == self._saved and time.monotonic() - self._saved_s < _WRITE_AGAIN_S:
                return
            try:
                await asyncio.to_thread(self._spool.save, data)
            except OSError as error:
                self._note_trouble(error)
                return
            self._saved, self._saved_s = data, time.monotonic()
            if self.trouble is not None:
                log.info("emergency.kept")
                self.trouble = None

    def _note_trouble(self, error: OSError) -> None:
        """Log what is wrong with the disk, unless it was wrong in the same way before."""
        trouble = error.strerror or str(error) or type(error).__name__
        if trouble != self.trouble:
            log.error("emergency.not_kept", error=type(error).__name__, reason=trouble)
        self.trouble = trouble


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

"""The journal of this process: as JSON and back, its file for the next process, and the database's time."""

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
from bot.domain.outage import Journal, UnrecordedReport, Watch
from bot.services.ports import Spool
from bot.services.shared.fencing import boot_s

log = structlog.get_logger(__name__)

#: Changes within so many seconds are written to the file together.
_GATHER_S: Final = 0.05

#: How old the file may become while nothing changes, in seconds.
_WRITE_AGAIN_S: Final = 60.0


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
        acknowledged=frozenset(file.acknowledged),
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

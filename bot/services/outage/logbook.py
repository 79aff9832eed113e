"""The journal of this process, its file for the next process, and the database's time."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog

from bot.domain.outage import Journal
from bot.services.outage.journal import encoded, read
from bot.services.ports import Spool
from bot.services.shared.boot_clock import boot_s

log = structlog.get_logger(__name__)

#: Changes within so many seconds are written to the file together.
_GATHER_S: Final = 0.05

#: How old the file may become while nothing changes, in seconds.
_WRITE_AGAIN_S: Final = 60.0


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

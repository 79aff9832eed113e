"""Adoption of the files of dead processes: records in the database what they did without it."""

import asyncio
import time
from contextlib import suppress
from typing import Final

import structlog

from bot.domain.errors import StorageUnavailable
from bot.services.outage.journal import Encoder, read
from bot.services.outage.taking_in import TakingIn
from bot.services.ports import Spool
from bot.services.ports.store.outage import OutageMirror

log = structlog.get_logger(__name__)

#: How often to look for them while the database answers, seconds.
_EVERY_S: Final = 10.0


class Adoption:
    """Looks for the files of processes that have ended. A process that starts would read only one of them.

    Attributes:
        taking_in: Records in the database what the files say, and what this process has done.
    """

    def __init__(self, store: OutageMirror, spool: Spool, taking_in: TakingIn) -> None:
        self._store = store
        self._spool = spool
        self.taking_in = taking_in
        self._looked_at = float("-inf")

    async def adopt(self, *, at_once: bool) -> None:
        """Record what the files say, and remove them. A file that could not be recorded stays for next time.

        Args:
            at_once: The database is back: other processes wait to hear which messages were sent without it.
        """
        now = time.monotonic()
        if now - self._looked_at < _EVERY_S and not at_once:
            return
        self._looked_at = now
        try:
            for left in await asyncio.to_thread(self._spool.left_behind):
                await self._take_in(left)
        except OSError as error:
            log.error("emergency.not_kept", error=type(error).__name__)  # noqa: TRY400 -- the disk's fault

    async def _take_in(self, left: Spool) -> None:
        journal = read(left)
        if journal is None:  # said by `read`; it is for somebody to look at
            return
        rest = journal
        if journal.was_used:
            try:
                rest = (await self.taking_in.take_in(journal)).out_of(journal)
            except StorageUnavailable as away:
                log.warning("emergency.not_taken_in", reason=str(away))
        if rest.has_news:
            await asyncio.to_thread(left.save, Encoder().encode(rest))
            return
        await asyncio.to_thread(left.remove)
        if journal.mirror is not None:
            with suppress(StorageUnavailable):  # then it is waited for, as long as for any that died
                await self._store.leave(journal.mirror)
        log.info("emergency.adopted", had_news=journal.has_news)

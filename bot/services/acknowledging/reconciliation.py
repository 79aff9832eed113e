"""Acknowledgements whose event was lost: the gateway was away, so Discord itself is asked."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.domain.errors import DeliveryRefused, StorageUnavailable, Superseded, UnavailableError
from bot.domain.incident.incident import Incident, Status
from bot.domain.urgency import BACKGROUND, urgency
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.old_reactions import OldReactions
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows

log = structlog.get_logger(__name__)

#: How long the partial pass of each minute may take, seconds.
SOME_WITHIN_S: Final = 45.0

_PAGE: Final = 100  # incidents in memory at a time
_AT_ONCE: Final = 8
_PAUSE_S: Final = 0.2  # before Discord is asked again for what it has not answered


@dataclass(slots=True)
class ReadProgress:
    """The progress of reading the 👀 of several incidents, by their numbers.

    Attributes:
        begun: Discord was asked about them.
        read: Discord has said who reacted.
    """

    begun: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)


class Reconciler:
    """Reads the 👀 under what was posted. See docs/internals/acknowledging.md."""

    def __init__(self, store: Store, discord: Discord, acknowledger: Acknowledger, access: Access) -> None:
        self._store = store
        self._access = access
        self._discord = discord
        self._old = OldReactions(store, discord)
        self._acknowledger = acknowledger
        self._pass = asyncio.Lock()
        self._after = 0  # the number of the last incident that the current pass has checked
        self._again = False

    async def reconcile_all(self) -> int:
        """Look at every unacknowledged incident; after a (re)connection, for instance.

        It asks Discord page by page, behind everything else, and waits for a pass that is under way. If that
        is a whole one, it starts again from the first incident, for all calls that came meanwhile.

        Returns:
            How many turned out to be acknowledged.
        """
        self._again = True
        found = 0
        async with self._pass:
            with urgency(BACKGROUND):
                while self._again:
                    self._after, self._again = 0, False
                    found += await self._scan(None)
        return found

    async def reconcile_some(self) -> int:
        """Check further incidents for `SOME_WITHIN_S`, from where the last pass stopped.

        After the last incident, the next call starts from the first.

        Returns:
            As `reconcile_all`; 0 while another pass is under way.
        """
        if self._pass.locked():
            return 0
        async with self._pass:
            with urgency(BACKGROUND):
                return await self._scan(SOME_WITHIN_S)

    async def _scan(self, within_s: float | None) -> int:
        found = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while page := await IncidentRows(self._store.sql).unacknowledged(
                    after=self._after, limit=_PAGE
                ):
                    for incident in page:
                        found += await self.reconcile(incident)
                        await self._old.look_again(incident)
                        self._after = incident.id
                self._after = 0
        return found

    async def reconcile_within(self, incidents: Sequence[Incident], seconds: float) -> ReadProgress:
        """Look at *incidents*, several at a time and in their order, for *seconds* at most.

        What Discord did not answer is asked for once more after the others, if there is time.

        Raises:
            StorageUnavailable: then nothing can be decided either.
        """
        progress, until = ReadProgress(), asyncio.get_running_loop().time() + seconds
        await self._check_each(incidents, seconds, progress)
        missed = [one for one in incidents if one.id in progress.begun - progress.read]
        left_s = until - asyncio.get_running_loop().time() - _PAUSE_S
        if missed and left_s > 0:
            await asyncio.sleep(_PAUSE_S)
            await self._check_each(missed, left_s, progress)
        return progress

    async def _check_each(
        self, incidents: Sequence[Incident], seconds: float, progress: ReadProgress
    ) -> None:
        """Check each once, for *seconds* at most, and note it in *progress*."""
        waiting = iter(incidents)

        async def work() -> None:
            for incident in waiting:
                progress.begun.add(incident.id)
                if await self._check(incident) is not None:
                    progress.read.add(incident.id)

        workers = [asyncio.create_task(work()) for _ in range(min(_AT_ONCE, len(incidents)))]
        if not workers:
            return
        try:
            done, late = await asyncio.wait(workers, timeout=seconds)
        finally:
            for worker in workers:
                worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            log.warning("reconciliation.cut_short", incidents=len(incidents), after_s=seconds)
        for worker in done:
            worker.result()

    async def reconcile(self, incident: Incident) -> bool:
        """Find a 👀 for which no event came. When Discord cannot be asked, nothing is assumed.

        A failure, even a bug, holds up neither the decision that waits for the answer nor the other
        incidents: an escalation too many is better than one too few.

        Returns:
            True if the incident is acknowledged now.

        Raises:
            StorageUnavailable: then nothing can be decided either. Superseded: another process listens now,
                and looks for itself.
        """
        return bool(await self._check(incident))

    async def _check(self, incident: Incident) -> bool | None:
        """Do the same as `reconcile`; return None if Discord has not said who reacted."""
        try:
            while incident.status is Status.TRIGGERED:
                if (now := await self._read(incident)) is None:
                    return False
                incident = now
        except (StorageUnavailable, Superseded):
            raise
        except (UnavailableError, DeliveryRefused) as error:
            log.warning("reconciliation.skipped", incident_id=incident.id, reason=str(error))
        except Exception:
            log.exception("reconciliation.failed", incident_id=incident.id)
        else:
            return True
        return None

    async def _read(self, incident: Incident) -> Incident | None:
        """Record the first 👀 that counts and return *incident* as it is then; None if there is none."""
        old, places = await self._old.old(incident), await self._old.places(incident)
        async for person, message_id in self._discord.acknowledgers(places, guild_id=incident.guild_id):
            if (person.id, message_id) in old:
                continue
            if self._access.allows(person, "acknowledge") and await self._access.sees(person, incident):
                return await self._acknowledger.acknowledge_as_read(incident, by=person)
        return None

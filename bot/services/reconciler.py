"""Acknowledgements whose event was lost: the gateway was away, so Discord itself is asked."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from bot.domain.delivery import ACK_PLACES
from bot.domain.errors import DeliveryRefused, StorageUnavailable, Superseded, UnavailableError
from bot.domain.incident import Incident, Status
from bot.domain.life import AckVia
from bot.services.access import Access
from bot.services.acknowledging import Acknowledger
from bot.services.ports import Discord, Store
from bot.services.ports.urgency import BACKGROUND, urgency

log = structlog.get_logger(__name__)

#: How long one look goes on that nobody has asked for, seconds; the next one follows within the minute.
SOME_WITHIN_S: Final = 45.0

_PAGE: Final = 100  # incidents in memory at a time
_AT_ONCE: Final = 8


class Reconciler:
    """Reads the 👀 under what was posted. See docs/architecture.md, What is read from Discord."""

    def __init__(self, store: Store, discord: Discord, acknowledger: Acknowledger, access: Access) -> None:
        self._store = store
        self._access = access
        self._discord = discord
        self._acknowledger = acknowledger
        self._pass = asyncio.Lock()
        self._after = 0  # the incident up to which the pass that goes on has looked
        self._again = False

    async def reconcile_all(self) -> int:
        """Look at every unacknowledged incident; after a (re)connection, for instance.

        Behind everything else that is asked of Discord, page by page, and once at a time: asked for while a
        pass goes on, that one begins anew when it has ended.

        Returns:
            How many turned out to be acknowledged.
        """
        self._again = True
        if self._pass.locked():
            return 0
        found = 0
        async with self._pass:
            with urgency(BACKGROUND):
                while self._again:
                    self._after, self._again = 0, False
                    found += await self._look_on(None)
        return found

    async def reconcile_some(self) -> int:
        """Look on for a while from where the last look ended, and from the start when there is no more.

        Returns:
            As `reconcile_all`; 0 while a whole pass goes on.
        """
        if self._pass.locked():
            return 0
        async with self._pass:
            with urgency(BACKGROUND):
                return await self._look_on(SOME_WITHIN_S)

    async def _look_on(self, within_s: float | None) -> int:
        found = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while page := await self._store.unacknowledged(after=self._after, limit=_PAGE):
                    for incident in page:
                        found += await self.reconcile(incident)
                        self._after = incident.id
                self._after = 0
        return found

    async def reconcile_within(self, incidents: Sequence[Incident], seconds: float) -> frozenset[int]:
        """Look at *incidents*, several at a time and in their order, for *seconds* at most.

        Returns:
            The numbers of those whose turn came: of what Discord did not answer in time it has had its time.

        Raises:
            StorageUnavailable: then nothing can be decided either.
        """
        waiting, begun = iter(incidents), set[int]()

        async def look_on() -> None:
            for incident in waiting:
                begun.add(incident.id)
                await self.reconcile(incident)

        looks = [asyncio.create_task(look_on()) for _ in range(min(_AT_ONCE, len(incidents)))]
        if not looks:
            return frozenset()
        try:
            done, late = await asyncio.wait(looks, timeout=seconds)
        finally:
            for look in looks:
                look.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            log.warning("reconciliation.cut_short", incidents=len(incidents), after_s=seconds)
        for look in done:
            look.result()
        return frozenset(begun)

    async def reconcile(self, incident: Incident) -> bool:
        """Find a 👀 that nobody told us about. When Discord cannot be asked, nothing is assumed.

        Whatever goes wrong with it, a bug included, holds up neither the decision that waits for the answer
        nor the other incidents: an escalation too many is better than one too few.

        Returns:
            Whether the incident is acknowledged now.

        Raises:
            StorageUnavailable: then nothing can be decided either. Superseded: another process listens now,
                and looks for itself.
        """
        if incident.status is not Status.TRIGGERED:
            return True
        posts = await self._store.posts(incident.id)
        places = [(p.channel_id, p.message_id) for p in posts if p.kind in ACK_PLACES]
        known = [(c, m) for c, m in places if c is not None and m is not None]
        known += await self._store.alert_messages(incident.id)
        try:
            return await self._read(incident, known)
        except (StorageUnavailable, Superseded):
            raise
        except (UnavailableError, DeliveryRefused) as error:
            log.warning("reconciliation.skipped", incident_id=incident.id, reason=str(error))
        except Exception:
            log.exception("reconciliation.failed", incident_id=incident.id)
        return False

    async def _read(self, incident: Incident, places: list[tuple[int, int]]) -> bool:
        async for person, _message_id in self._discord.acknowledgers(places, guild_id=incident.guild_id):
            if self._access.allows(person, "acknowledge") and await self._access.sees(person, incident):
                await self._acknowledger.acknowledge(incident.id, by=person, via=AckVia.RECONCILED)
                return True
        return False

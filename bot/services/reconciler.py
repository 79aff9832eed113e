"""Acknowledgements whose event was lost: the gateway was away, so Discord itself is asked."""

import structlog

from bot.domain.delivery import ACK_PLACES
from bot.domain.errors import DeliveryRefused, StorageUnavailable, UnavailableError
from bot.domain.incident import Incident, Status
from bot.domain.life import AckVia
from bot.services.access import Access
from bot.services.acknowledging import Acknowledger
from bot.services.ports import Discord, Store

log = structlog.get_logger(__name__)


class Reconciler:
    """Reads the 👀 under what was posted. See docs/architecture.md, What is read from Discord."""

    def __init__(self, store: Store, discord: Discord, acknowledger: Acknowledger, access: Access) -> None:
        self._store = store
        self._access = access
        self._discord = discord
        self._acknowledger = acknowledger

    async def reconcile_all(self) -> int:
        """Look at every unacknowledged incident; after a (re)connection, for instance.

        Returns:
            How many turned out to be acknowledged.
        """
        found = 0
        for incident in await self._store.unacknowledged():
            found += await self.reconcile(incident)
        return found

    async def reconcile(self, incident: Incident) -> bool:
        """Find a 👀 that nobody told us about. When Discord cannot be asked, nothing is assumed.

        Whatever goes wrong with it, a bug included, holds up neither the decision that waits for the answer
        nor the other incidents: an escalation too many is better than one too few.

        Returns:
            Whether the incident is acknowledged now.

        Raises:
            StorageUnavailable: then nothing can be decided either.
        """
        if incident.status is not Status.TRIGGERED:
            return True
        posts = await self._store.posts(incident.id)
        places = [(p.channel_id, p.message_id) for p in posts if p.kind in ACK_PLACES]
        known = [(c, m) for c, m in places if c is not None and m is not None]
        known += await self._store.alert_messages(incident.id)
        try:
            return await self._read(incident, known)
        except StorageUnavailable:
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

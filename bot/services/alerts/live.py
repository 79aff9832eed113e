"""Messages of monitors as they come: tracked, or raised without the database while that is away."""

import asyncio
from dataclasses import replace
from typing import Final

import structlog
from cachetools import LRUCache

from bot.domain.alerts.alert import AlertMessage
from bot.domain.errors import StorageUnavailable, UnavailableError
from bot.domain.incident.incident import Incident
from bot.services.alerts.missed import MissedAlerts
from bot.services.alerts.questions import as_incident
from bot.services.alerts.tracking import AlertTracking
from bot.services.outage.emergency import Emergency

log = structlog.get_logger(__name__)

#: How long a process without a database waits for one that has it to answer the message, seconds.
_HEED_S: Final = 2.0

#: How long the database may fail before the look at it must have found that it is away, seconds.
_DOUBT_S: Final = 5.0
_PAUSE_S: Final = 0.2

_REMEMBERED: Final = 1_000


class LiveAlerts:
    """Receives the messages that the gateway delivers."""

    def __init__(self, alerts: AlertTracking, missed: MissedAlerts, emergency: Emergency) -> None:
        self._alerts = alerts
        self._missed = missed
        self._emergency = emergency
        self._answered: LRUCache[int, None] = LRUCache(_REMEMBERED)
        self._elsewhere: LRUCache[str, None] = LRUCache(_REMEMBERED)  # fingerprints, during one outage

    def note_answer(self, message_id: int) -> None:
        """Note that the bot, in whichever process, has answered a monitor's message: it is tracked."""
        self._answered[message_id] = None

    async def receive(self, message: AlertMessage) -> Incident | None:
        """Track a message, as `AlertTracking.receive`. Without the database, tell people of it if need be.

        A message that cannot be recorded now is read from its channel when the database is back.

        Raises:
            UnavailableError: it is not recorded yet.
        """
        ends_at = asyncio.get_running_loop().time() + _DOUBT_S
        while self._emergency.trouble is None:
            self._elsewhere.clear()
            await self._emergency.until_recorded()
            try:
                return await self._emergency.unless_away(self._alerts.receive(message))
            except UnavailableError:
                self._missed.expect()
                if asyncio.get_running_loop().time() > ends_at:
                    raise
            await asyncio.sleep(_PAUSE_S)
        self._missed.expect()
        await self._raise(message)
        raise StorageUnavailable(str(self._emergency.trouble))

    async def _raise(self, message: AlertMessage) -> None:
        """Tell people of the message without the database, unless another process answers it."""
        found = self._alerts.understand(message)
        if found is None or not self._alerts.opens(message, found):
            return
        if found.rule is not None and (found.rule.ignores or found.rule.only_after is not None):
            return
        new = replace(as_incident(found.would_be), triggered_at=message.evidence.at)
        if not self._emergency.pages_for(new):
            return
        await asyncio.sleep(_HEED_S)
        if message.id in self._answered:
            self._elsewhere[found.fingerprint] = None
        if self._emergency.trouble is None or found.fingerprint in self._elsewhere:
            return
        if self._emergency.pages_for(new):  # the same alert may have come meanwhile
            await self._emergency.raise_for_monitor(new, sender=message.sender)

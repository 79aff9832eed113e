"""Messages of monitors as they come, and those that were posted while no event reached the bot.

While the database is away, they are raised without it.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from cachetools import LRUCache

from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.decisions import AlertOutcome
from bot.domain.alerts.questions import AlertsSkippedData
from bot.domain.alerts.recognition import Says
from bot.domain.delivery.delivery import NewDelivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, StorageUnavailable, UnavailableError, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.jobs import BACKGROUND, urgency
from bot.domain.severity import Mention, SeverityPolicy
from bot.runbook.model import Policy
from bot.services.acknowledging.reconciliation import Reconciler
from bot.services.alerts.questions import as_incident
from bot.services.alerts.recoveries import over_among
from bot.services.alerts.tracking import AlertTracking, Understood
from bot.services.outage.emergency import Emergency
from bot.services.ports import Discord
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryWrites

log = structlog.get_logger(__name__)

#: An alert posted while the bot was away is tracked up to this age, or later if its severity gives more time.
MISSED_WITHIN: Final = timedelta(hours=24)

#: Pages of 100 messages to read back, at most, towards the message where the last look ended. When older
#: messages are left, the bot says in the channel that it has skipped them.
MOST_PAGES: Final = 30

#: How long a process without a database waits for one that has it to answer the message, seconds.
_HEED_S: Final = 2.0

#: How long the database may fail before the look at it must have found that it is away, seconds.
_DOUBT_S: Final = 5.0

_PAUSE_S: Final = 0.2

_REMEMBERED: Final = 1_000


class MissedAlerts:
    """Reads the watched channels again for messages that came while the bot was away."""

    def __init__(
        self,
        store: Store,
        discord: Discord,
        policy: Policy,
        alerts: AlertTracking,
        reconciler: Reconciler,
        *,
        emergency: Emergency,
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._alerts = alerts
        self._reconciler = reconciler
        self._emergency = emergency
        self._is_expected = False

    def expect(self) -> None:
        """Note that the database was away, or that a message could not be recorded."""
        self._is_expected = True

    async def catch_up_if_expected(self, guild_id: int) -> None:
        """Catch up at once when the database is back. Raises as `catch_up`; then it is tried again."""
        if self._is_expected and self._emergency.trouble is None:
            await self.catch_up(guild_id)

    async def catch_up(self, guild_id: int) -> None:
        """Read what was posted in the watched channels while no event reached us.

        A channel that is watched for the first time is read from now on. A channel that cannot be read now is
        read the next time. What was done without the database is recorded first; until then nothing is read.

        Raises:
            StorageUnavailable.
        """
        self._is_expected = True
        if await self._emergency.is_recorded():
            for channel in self._policy.alerts.watch:
                try:
                    await self._read(guild_id, channel)
                except (UpstreamUnavailable, DeliveryRefused) as error:
                    log.warning("alerts.not_read", channel=channel, reason=error.reason)
            self._is_expected = False

    async def _read(self, guild_id: int, channel: str) -> None:
        page = await self._discord.watched(guild_id, channel)
        cursor = await AlertRows(self._store.sql).alert_cursor(guild_id, page.channel_id)
        now = await self._store.now()
        messages: Sequence[AlertMessage] = page.messages
        skipped = False
        if cursor is not None:
            messages, skipped = await self._back_to(cursor, guild_id, channel, page.messages, now=now)
        newest = max((message.id for message in messages), default=0)
        if cursor is not None:
            await self._receive([one for one in messages if one.id > cursor], now=now)
        if skipped:
            await self._tell(guild_id, page.channel_id, channel, messages[0])
        if cursor is None or newest > cursor:
            await AlertRows(self._store.sql).move_alert_cursor(guild_id, page.channel_id, newest)

    async def _back_to(
        self, cursor: int, guild_id: int, channel: str, newest: Sequence[AlertMessage], *, now: datetime
    ) -> tuple[Sequence[AlertMessage], bool]:
        """Return the messages since *cursor*, oldest first, and whether older ones were too far back to read.

        Reading stops at messages that are too old to be tracked.
        """
        messages = list(newest)
        for _ in range(MOST_PAGES - 1):
            if not messages or messages[0].id <= cursor or self._is_too_old(messages[0], now):
                return messages, False
            page = await self._discord.watched(guild_id, channel, before=messages[0].id)
            if not page.messages:
                return messages, False
            messages[:0] = page.messages
        return messages, messages[0].id > cursor and not self._is_too_old(messages[0], now)

    async def _receive(self, messages: Sequence[AlertMessage], *, now: datetime) -> None:
        understood = []
        for message in messages:
            if (found := await self._alerts.read(message)) is not None:
                understood.append((message, found))
            else:
                await self._alerts.receive(message)  # which records why it is passed over
        over = over_among((found.reading.says, found.occurrence) for _, found in understood)
        late: dict[int, Incident] = {}
        for message, found in understood:
            if (outcome := self._why_not(message, found, over=over, now=now)) is not None:
                await self._alerts.pass_over(found, outcome)
            elif incident := await self._alerts.receive(message):
                late[incident.id] = incident
        with urgency(BACKGROUND):  # a storm of them must not hold up escalations
            for incident in late.values():  # one of its messages may have got a 👀 meanwhile
                await self._reconciler.reconcile(incident)

    def _why_not(
        self,
        message: AlertMessage,
        understood: Understood,
        *,
        over: Collection[int],
        now: datetime,
    ) -> AlertOutcome | None:
        """Return why a message that was missed is not received any more; None if it is."""
        if understood.reading.says is Says.RESOLVED:
            return None
        at = message.evidence.at
        if now - at > self._patience(understood.severity, at):
            return AlertOutcome.TOO_OLD
        is_firing, closes = understood.reading.says is Says.FIRING, self._policy.alerts.closes
        # it was over before anybody could have been told
        return AlertOutcome.OVER_BEFORE if is_firing and closes and message.id in over else None

    async def _tell(self, guild_id: int, channel_id: int, channel: str, oldest: AlertMessage) -> None:
        """Say once, in the channel, that older messages were not looked at."""
        log.error("alerts.skipped", channel=channel, before=oldest.evidence.at.isoformat())
        severity = self._policy.severities[self._policy.alerts.watch[channel]]
        async with self._store.transaction() as tx:
            line = NewDelivery(
                kind=DeliveryKind.ALERTS_SKIPPED,
                to=f"channel:{channel_id}",
                key=f"alerts_skipped:{channel_id}:{oldest.id}",
                guild_id=guild_id,
                data=AlertsSkippedData(
                    before=oldest.evidence.at,
                    url=oldest.evidence.url,
                    rings=severity.mention is Mention.HERE,
                ).to_json(),
                priority=priority_of(severity.rank),
            )
            await DeliveryWrites(tx.sql).insert_deliveries([line])

    def _is_too_old(self, message: AlertMessage, now: datetime) -> bool:
        at = message.evidence.at
        longest = max(self._patience(one, at) for one in self._policy.severities.values())
        return now - at > longest

    def _patience(self, severity: SeverityPolicy, at: datetime) -> timedelta:
        """Return how old a missed alert may be."""
        return max(MISSED_WITHIN, self._policy.ack_due(severity, at=at) - at)


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

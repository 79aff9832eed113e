"""Recoveries that monitors post: an unacknowledged alert is closed, other incidents get a note."""

import structlog

from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.payloads import RecoveredEntry, RecoveredNotice
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.notices import ResolvedNotice
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.ports import Store, Transaction
from bot.services.shared.changes import Change

log = structlog.get_logger(__name__)


class Recoveries:
    """Ends or notes what a recovery is about."""

    def __init__(self, store: Store, policy: Policy, lifecycle: Lifecycle) -> None:
        self._store = store
        self._policy = policy
        self._lifecycle = lifecycle

    async def receive(self, message: AlertMessage, fingerprint: str) -> None:
        """Record a recovery, once for each message however often it is read.

        An alert that has fired again after the message stays open. An alert that several monitors post, or
        one monitor in several channels, is closed when each of them has recovered: until then it may fire.
        """
        async with self._store.transaction() as tx:
            await tx.lock_fingerprint(message.guild_id, fingerprint)
            firing = await tx.firing_alerts(
                message.guild_id,
                fingerprint,
                before=message.id,
                channel_id=message.channel_id,
                sender=message.sender,
            )
            for incident, is_over in firing:
                is_new = await tx.note_recovery(
                    incident.id, message_id=message.id, channel_id=message.channel_id, sender=message.sender
                )
                if is_new:
                    await self._recover(tx, incident, message, is_over=is_over)

    async def _recover(
        self, tx: Transaction, incident: Incident, message: AlertMessage, *, is_over: bool
    ) -> None:
        monitor = Person(id=message.evidence.author_id, name=message.evidence.author_name, is_bot=True)
        change = Change(tx, self._policy, incident, monitor, await tx.now())
        untouched = incident.kind is IncidentKind.ALERT and incident.status is Status.TRIGGERED
        if untouched and is_over and self._policy.alerts.closes:
            ended = transitions.resolve(
                incident, by=monitor, at=change.now, archive_at=self._lifecycle.archive_at(change)
            )
            await self._lifecycle.end(change, ended, ResolvedNotice(at=change.now, url=message.evidence.url))
            log.info("alert.recovered", incident_id=incident.id)
            return
        key = f"recovered:{message.id}"
        told = RecoveredNotice(url=message.evidence.url)
        await change.record(RecoveredEntry(url=told.url), line=key)
        await change.say(told, key=key)
        log.info("alert.recovery_noted", incident_id=incident.id)

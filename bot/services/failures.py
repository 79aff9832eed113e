"""Layers two and three: what Discord did not take goes into the DLQ, and a P0 by email as well."""

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

import structlog

from bot.domain.delivery import Delivery, DeliveryKind
from bot.domain.dlq import NewFailure
from bot.domain.drill import DLQ_MARK
from bot.domain.errors import UpstreamUnavailable
from bot.domain.incident import Incident, Status
from bot.domain.timeline import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.ports import DlqStore, Mailer, MailWriter, Store

log = structlog.get_logger(__name__)

#: What a person would have been rung with; a missing card or thread is no reason to write to them.
_WORTH_AN_EMAIL = frozenset(
    {DeliveryKind.ALERT, DeliveryKind.PRIVATE_THREAD, DeliveryKind.PAGE, DeliveryKind.ESCALATION}
)

#: Of a message that Discord took and that rang nobody.
_MUTE = "posted, but @here did not ring: the bot may not mention everyone there"

_TRY_EMAIL_AGAIN = timedelta(seconds=15)


class Failures:
    """Handler of the queue's record_failure job; may run twice without harm."""

    def __init__(
        self, store: Store, failures: DlqStore, policy: Policy, *, writer: MailWriter, mailer: Mailer | None
    ) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._writer = writer
        self._mailer = mailer

    async def record(self, delivery_id: int) -> timedelta | None:
        """Send the email if the policy asks for one, then write the DLQ row that says whether it went out.

        Returns:
            When to try the email again, or None when nothing is owed any more.

        Raises:
            StorageUnavailable: the DLQ's database is away; the queue tries again.
        """
        delivery = await self._store.delivery(delivery_id)
        incident = None if delivery.incident_id is None else await self._store.incident(delivery.incident_id)
        emailed = incident is not None and await self._email(delivery, incident)
        await self._failures.record(self._row(delivery, incident, emailed=emailed))
        owed = incident is not None and self._owes_email(delivery, incident) and not emailed
        return _TRY_EMAIL_AGAIN if owed else None

    def _owes_email(self, delivery: Delivery, incident: Incident) -> bool:
        if self._mailer is None or not self._policy.rules(incident.severity).email_backup:
            return False
        if incident.status is not Status.TRIGGERED:
            return False  # somebody has it: the email would only wake another one
        return delivery.kind in _WORTH_AN_EMAIL and bool(self._addresses(delivery))

    async def _email(self, delivery: Delivery, incident: Incident) -> bool:
        if delivery.emailed:
            return True
        if self._mailer is None or not self._owes_email(delivery, incident):
            return False
        if delivery.bundle_id is not None:
            return await self._email_of_many(delivery, delivery.bundle_id, incident)
        to = self._addresses(delivery)
        try:
            await self._mailer.send(self._writer.write(delivery, incident, to=to))
        except UpstreamUnavailable as away:
            log.warning("email.attempt_failed", delivery_id=delivery.id, reason=away.reason)
            return False
        async with self._store.transaction() as tx:
            await tx.mark_emailed(delivery.id)
            entry = TimelineEntry(TimelineKind.EMAILED, await tx.now(), data={"recipients": len(to)})
            await tx.add_timeline(incident.id, entry)
        log.info("email.sent", delivery_id=delivery.id, incident_id=incident.id)
        return True

    async def _email_of_many(self, delivery: Delivery, bundle_id: int, incident: Incident) -> bool:
        """One email lists all that a bundle was to tell of; the first of them that nobody is on sends it."""
        bundle = await self._store.bundle(bundle_id)
        if self._mailer is None or not bundle.shown or bundle.shown[0].id != incident.id:
            return False
        to = self._addresses(delivery)
        whole = await self._store.delivery(bundle_id)
        try:
            await self._mailer.send(self._writer.write_many(whole, bundle, to=to))
        except UpstreamUnavailable as away:
            log.warning("email.attempt_failed", delivery_id=bundle_id, reason=away.reason)
            return False
        async with self._store.transaction() as tx:
            told = await tx.bundled(bundle_id)
            await tx.mark_bundle_emailed(bundle_id)
            entry = TimelineEntry(TimelineKind.EMAILED, await tx.now(), data={"recipients": len(to)})
            await tx.add_timelines([(number, entry) for number in sorted({one.incident_id for one in told})])
        log.info("email.sent", delivery_id=bundle_id, incidents=bundle.count)
        return True

    def _addresses(self, delivery: Delivery) -> tuple[str, ...]:
        """Of the person that a page was for, else of everyone on call."""
        place = delivery.to.removeprefix("person:") if delivery.kind is DeliveryKind.PAGE else None
        return tuple(
            who.email for name, who in self._policy.oncall.items() if who.email and place in (None, name)
        )

    def _row(self, delivery: Delivery, incident: Incident | None, *, emailed: bool) -> NewFailure:
        return NewFailure(
            id=uuid5(NAMESPACE_URL, f"incident-bot:{delivery.nonce}"),
            attempted_at=delivery.first_sent_at or delivery.created_at,
            channel=delivery.to.removeprefix("channel:"),
            # A drill's failures are no P0's: they are out of every figure.
            severity=None if incident is None or incident.is_drill else incident.priority,
            title=_title(delivery, incident),
            http_status=delivery.http_status,
            retry_count=delivery.attempts,
            error_message=delivery.error or _MUTE,
            fallback_email_sent=emailed,
            # The table is read by more people than may know of a private incident.
            payload={} if delivery.request is None or _is_secret(incident) else dict(delivery.request.body),
        )


def _title(delivery: Delivery, incident: Incident | None) -> str:
    if incident is None:
        return delivery.kind.value
    title = incident.label if incident.is_private else incident.title
    return f"{DLQ_MARK}{title}" if incident.is_drill else title


def _is_secret(incident: Incident | None) -> bool:
    return incident is not None and incident.is_private

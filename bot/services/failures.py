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
from bot.services.oncall import OnCall
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
        self,
        store: Store,
        failures: DlqStore,
        policy: Policy,
        oncall: OnCall,
        *,
        writer: MailWriter,
        mailer: Mailer | None,
    ) -> None:
        self._store = store
        self._oncall = oncall
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
        owed = incident is not None and await self._owes_email(delivery, incident) and not emailed
        return _TRY_EMAIL_AGAIN if owed else None

    async def _owes_email(self, delivery: Delivery, incident: Incident) -> bool:
        if self._mailer is None or not self._policy.rules(incident.severity).email_backup:
            return False
        if incident.status is not Status.TRIGGERED:
            return False  # somebody has it: the email would only wake another one
        return delivery.kind in _WORTH_AN_EMAIL and bool(await self._addresses(delivery))

    async def _email(self, delivery: Delivery, incident: Incident) -> bool:
        if delivery.emailed:
            return True
        if self._mailer is None or not await self._owes_email(delivery, incident):
            return False
        to = await self._addresses(delivery)
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

    async def _addresses(self, delivery: Delivery) -> tuple[str, ...]:
        """Of the person that a page was for, else of everyone on call, each once.

        Somebody who stands in has perhaps no address that we know: then whoever they stand in for gets it.
        """
        standing = await self._oncall.standing(delivery.guild_id)
        place = delivery.to.removeprefix("person:") if delivery.kind is DeliveryKind.PAGE else None
        asked = [name for name in standing if place in (None, name)]
        found = [standing[name].email or self._policy.oncall[name].email for name in asked]
        return tuple(dict.fromkeys(address for address in found if address))

    def _row(self, delivery: Delivery, incident: Incident | None, *, emailed: bool) -> NewFailure:
        # The table is read by more people than may know of a private incident, or of another guild's.
        in_words = self._policy.sees_dlq and not (incident is not None and incident.is_private)
        return NewFailure(
            id=uuid5(NAMESPACE_URL, f"incident-bot:{delivery.nonce}"),
            attempted_at=delivery.first_sent_at or delivery.created_at,
            channel=delivery.to.removeprefix("channel:"),
            # A drill's failures are no P0's: they are out of every figure.
            severity=None if incident is None or incident.is_drill else incident.priority,
            title=_title(delivery, incident, in_words=in_words),
            http_status=delivery.http_status,
            retry_count=delivery.attempts,
            error_message=delivery.error or _MUTE,
            fallback_email_sent=emailed,
            payload=dict(delivery.request.body) if delivery.request is not None and in_words else {},
        )


def _title(delivery: Delivery, incident: Incident | None, *, in_words: bool) -> str:
    if incident is None:
        return delivery.kind.value
    title = incident.title if in_words else incident.label
    return f"{DLQ_MARK}{title}" if incident.is_drill else title

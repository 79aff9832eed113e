"""The DLQ row of what Discord did not take, and whether an email went out in its place."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.domain.delivery.delivery import Delivery
from bot.domain.dlq import DLQ_MARK, MUTE, NewFailure, failure_id
from bot.domain.incident.incident import Incident
from bot.runbook.model import Policy
from bot.services.delivery.emails import TRY_EMAIL_AGAIN, EmailBackup
from bot.services.ports import DlqStore
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows

#: The error of a message that Discord accepted without notifying the people it mentions.
_MUTE = f"{MUTE}: the bot may not mention everyone there"


class Failures:
    """Handler of the queue's record_failure and redact_failures jobs; may run twice without harm."""

    def __init__(
        self,
        store: Store,
        failures: DlqStore,
        policy: Policy,
        *,
        emails: EmailBackup,
        draft: Callable[[Delivery, Incident], Mapping[str, object]],
    ) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._emails = emails
        self._draft = draft

    async def record(self, delivery_id: int) -> timedelta | None:
        """Send the email if the policy asks for one, then write the DLQ row that says whether it went out.

        Returns:
            When to try the email again, or None when no email is left to send.

        Raises:
            StorageUnavailable: the DLQ's database is away; the queue tries again.
        """
        delivery = await DeliveryRows(self._store.sql).delivery(delivery_id)
        incident = (
            None
            if delivery.incident_id is None
            else await IncidentRows(self._store.sql).incident(delivery.incident_id)
        )
        reached = await self._emails.stand_in(delivery, incident)
        await self._write(delivery, incident, emailed=reached.someone)
        owed = incident is not None and await self._emails.is_owed(delivery, incident)
        return TRY_EMAIL_AGAIN if owed and not reached.everyone else None

    async def redact(self, incident_id: int) -> None:
        """Remove the text from the rows of an incident that has become private.

        Raises:
            StorageUnavailable: as `record`.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        if incident.is_private:
            ids = [
                failure_id(nonce)
                for nonce in await DeliveryRows(self._store.sql).delivery_nonces(incident_id)
            ]
            await self._failures.redact(ids, title=_incident_title(incident, in_words=False))
            naming = [
                failure_id(nonce) for nonce in await DeliveryRows(self._store.sql).naming_nonces(incident_id)
            ]
            await self._failures.redact(naming, title=None)

    async def _write(self, delivery: Delivery, incident: Incident | None, *, emailed: bool) -> None:
        """Write the row, and once more if *incident* was made private meanwhile: `redact` did not find it."""
        await self._failures.record(self._row(delivery, incident, emailed=emailed))
        if incident is None or incident.is_private:
            return
        now = await IncidentRows(self._store.sql).incident(incident.id)
        if now.is_private:
            await self._failures.record(self._row(delivery, now, emailed=emailed))

    def _row(self, delivery: Delivery, incident: Incident | None, *, emailed: bool) -> NewFailure:
        # The table is read by more people than may know of a private incident, or of another guild's.
        in_words = self._policy.sees_dlq and not (incident is not None and incident.is_private)
        # Drills, replays and pages outside Discord do not count for a severity: the figures ask whether an
        # email went out instead, and a failed page outside is followed by the person's next way.
        severity, spec = None, delivery.kind.spec
        if incident is not None and not (incident.is_drill or spec.is_replay or spec.is_outside):
            severity = incident.priority
        payload: dict[str, object] = {}
        if in_words and delivery.request is not None and delivery.bundle_id is None:
            payload = dict(delivery.request.body)
        elif in_words and incident is not None:  # a member of a bundle: the body for this incident alone
            payload = dict(self._draft(delivery, incident))
        return NewFailure(
            id=failure_id(delivery.nonce),
            attempted_at=delivery.first_sent_at or delivery.created_at,
            channel=delivery.to.removeprefix("channel:"),
            severity=severity,
            title=delivery.kind.value if incident is None else _incident_title(incident, in_words=in_words),
            http_status=delivery.http_status,
            retry_count=delivery.attempts,
            error_message=delivery.error or _MUTE,
            fallback_email_sent=emailed,
            payload=payload,
        )


def _incident_title(incident: Incident, *, in_words: bool) -> str:
    title = incident.title if in_words else incident.label
    return f"{DLQ_MARK}{title}" if incident.is_drill else title

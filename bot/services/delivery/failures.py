"""What Discord did not take: the DLQ row, and for a P0 an email."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.dlq import MUTE, NewFailure, failure_id
from bot.domain.drill import DLQ_MARK
from bot.domain.incident.incident import Incident, Status
from bot.domain.oncall.roster import OnCallPerson
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import EmailedEntry
from bot.runbook.model import Policy
from bot.services.delivery.emails import DeliveryEmails
from bot.services.delivery.handling import DeliveryKinds
from bot.services.ports import DlqStore, Store
from bot.services.shared.roster import OnCall

log = structlog.get_logger(__name__)

#: The error of a message that Discord accepted without notifying the people it mentions.
_MUTE = f"{MUTE}: the bot may not mention everyone there"

_TRY_EMAIL_AGAIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class _Reached:
    """How many of its recipients an email has reached."""

    someone: bool
    everyone: bool


_NO_ONE = _Reached(someone=False, everyone=False)


class Failures:
    """Handler of the queue's record_failure job; may run twice without harm."""

    def __init__(  # noqa: PLR0913  # needs both databases and the email
        self,
        store: Store,
        failures: DlqStore,
        policy: Policy,
        oncall: OnCall,
        kinds: DeliveryKinds,
        *,
        emails: DeliveryEmails,
        draft: Callable[[Delivery, Incident], Mapping[str, object]],
    ) -> None:
        self._store = store
        self._oncall = oncall
        self._failures = failures
        self._kinds = kinds
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
        delivery = await self._store.delivery(delivery_id)
        incident = None if delivery.incident_id is None else await self._store.incident(delivery.incident_id)
        channels = await self._channel_message(delivery)
        if channels is not None:
            # The channel's message emails the people who are left.
            reached = _Reached(someone=channels.has_email, everyone=channels.has_email)
        else:
            reached = _NO_ONE if incident is None else await self._email(delivery, incident)
        await self._write(delivery, incident, emailed=reached.someone)
        owed = incident is not None and await self._owes_email(delivery, incident) and not reached.everyone
        return _TRY_EMAIL_AGAIN if owed else None

    async def redact(self, incident_id: int) -> None:
        """Remove the text from the rows of an incident that has become private.

        Handler of the redact_failures job.

        Raises:
            StorageUnavailable: as `record`.
        """
        incident = await self._store.incident(incident_id)
        if incident.is_private:
            ids = [failure_id(nonce) for nonce in await self._store.delivery_nonces(incident_id)]
            await self._failures.redact(ids, title=_incident_title(incident, in_words=False))
            naming = [failure_id(nonce) for nonce in await self._store.naming_nonces(incident_id)]
            await self._failures.redact(naming, title=None)

    async def mail(self, delivery_id: int) -> timedelta | None:
        """Send the email that backs up an escalation that Discord accepted and no one has acknowledged.

        A delivery that was held in an outage has had its email already, or gets it by `record`.

        Returns:
            How long to wait before another try, or None when no email is left to send.
        """
        asked = await self._store.delivery(delivery_id)
        delivery = await self._kinds.of(asked).mailed_for(self._store, asked)
        if delivery is None or delivery.incident_id is None or delivery.held_at is not None:
            return None
        incident = await self._store.incident(delivery.incident_id)
        if not await self._owes_email(delivery, incident):
            return None
        reached = await self._email(delivery, incident)
        return None if reached.everyone else _TRY_EMAIL_AGAIN

    async def _owes_email(self, delivery: Delivery, incident: Incident) -> bool:
        is_mailed = self._kinds.of(delivery).is_mailed(delivery)
        asked_for = self._policy.rules(incident.severity).email_backup or is_mailed
        if not self._emails.can_send or not asked_for:
            return False
        if incident.status is not Status.TRIGGERED:
            return False  # it is acknowledged: the email would only wake another responder
        if _place(delivery) is not None and delivery.status is DeliveryStatus.SENT:
            return False  # Discord was back before the email to the one person went out
        return delivery.kind.spec.goes_by_email and bool(await self._people(delivery))

    async def _email(self, delivery: Delivery, incident: Incident) -> _Reached:
        """Send the email to the people on call who do not have it yet, and return who has it now."""
        if delivery.emailed or not await self._owes_email(delivery, incident):
            return _Reached(someone=delivery.has_email, everyone=delivery.emailed)
        left = [who for who in await self._people(delivery) if who.mailbox not in delivery.emailed_to]
        if delivery.bundle_id is not None:
            now = await self._email_of_many(delivery.bundle_id, incident, to=left)
        else:
            now = await self._email_of_one(delivery, incident, to=left)
        return _Reached(someone=delivery.has_email or now.someone, everyone=now.everyone)

    async def _email_of_one(
        self, delivery: Delivery, incident: Incident, *, to: Sequence[OnCallPerson]
    ) -> _Reached:
        accepted = await self._emails.send(delivery, incident, to=to)
        is_done = len(accepted) == len(to)
        if not accepted and not is_done:
            return _NO_ONE
        async with self._store.transaction() as tx:
            await tx.mark_emailed(delivery.id, to=accepted, is_done=is_done)
            if accepted:
                await tx.add_timeline(incident.id, _emailed(len(accepted), at=await tx.now()))
        log.info("email.sent", delivery_id=delivery.id, incident_id=incident.id, left=len(to) - len(accepted))
        return _Reached(someone=bool(accepted), everyone=is_done)

    async def _email_of_many(
        self, bundle_id: int, incident: Incident, *, to: Sequence[OnCallPerson]
    ) -> _Reached:
        """Send one email that lists all incidents of a bundle; only the first shown *incident* sends it."""
        bundle = await self._store.bundle(bundle_id)
        if not bundle.shown or bundle.shown[0].id != incident.id:
            return _NO_ONE
        accepted = await self._emails.send_many(await self._store.delivery(bundle_id), bundle, to=to)
        is_done = len(accepted) == len(to)
        if not accepted and not is_done:
            return _NO_ONE
        async with self._store.transaction() as tx:
            told = await tx.bundled(bundle_id)
            await tx.mark_bundle_emailed(bundle_id, to=accepted, is_done=is_done)
            if accepted:
                entry = _emailed(len(accepted), at=await tx.now())
                numbers = sorted({one.incident_id for one in told})
                await tx.add_timelines([(number, entry) for number in numbers])
        log.info("email.sent", delivery_id=bundle_id, incidents=bundle.count, left=len(to) - len(accepted))
        return _Reached(someone=bool(accepted), everyone=is_done)

    async def _channel_message(self, page: Delivery) -> Delivery | None:
        """Return the channel's message of the same step if everyone on call gets that by email anyway."""
        channels = await self._kinds.of(page).channel_message_of_same_step(self._store, page)
        if channels is None:
            return None
        will_be = channels.held_at is not None and channels.status is not DeliveryStatus.SENT
        return channels if channels.has_email or will_be else None

    async def _people(self, delivery: Delivery) -> tuple[OnCallPerson, ...]:
        """Return the person that a page was for; for another delivery, everyone on call."""
        return await self._oncall.reachable(delivery.guild_id, _place(delivery))

    async def _write(self, delivery: Delivery, incident: Incident | None, *, emailed: bool) -> None:
        """Write the row, and once more if *incident* was made private meanwhile: `redact` did not find it."""
        await self._failures.record(self._row(delivery, incident, emailed=emailed))
        if incident is None or incident.is_private:
            return
        now = await self._store.incident(incident.id)
        if now.is_private:
            await self._failures.record(self._row(delivery, now, emailed=emailed))

    def _row(self, delivery: Delivery, incident: Incident | None, *, emailed: bool) -> NewFailure:
        # The table is read by more people than may know of a private incident, or of another guild's.
        in_words = self._policy.sees_dlq and not (incident is not None and incident.is_private)
        return NewFailure(
            id=failure_id(delivery.nonce),
            attempted_at=delivery.first_sent_at or delivery.created_at,
            channel=delivery.to.removeprefix("channel:"),
            severity=None if incident is None or not _counts(delivery, incident) else incident.priority,
            title=_title(delivery, incident, in_words=in_words),
            http_status=delivery.http_status,
            retry_count=delivery.attempts,
            error_message=delivery.error or _MUTE,
            fallback_email_sent=emailed,
            payload=self._payload(delivery, incident) if in_words else {},
        )

    def _payload(self, delivery: Delivery, incident: Incident | None) -> dict[str, object]:
        """Return the body that was to be sent; for a member of a bundle, the one for this incident alone."""
        if delivery.request is not None and delivery.bundle_id is None:
            return dict(delivery.request.body)
        return {} if incident is None else dict(self._draft(delivery, incident))


def _emailed(recipients: int, *, at: datetime) -> TimelineEntry:
    return TimelineEntry.of(EmailedEntry(recipients=recipients), at)


def _place(delivery: Delivery) -> str | None:
    """Return the on-call place that a delivery is for, if it is for one person on call."""
    kind, _, place = delivery.to.partition(":")
    return place if kind == "person" else None


def _counts(delivery: Delivery, incident: Incident) -> bool:
    """Return True if it counts as a failure of its severity: not for a drill, nor for a replay."""
    return not incident.is_drill and not delivery.kind.spec.is_replay


def _title(delivery: Delivery, incident: Incident | None, *, in_words: bool) -> str:
    if incident is None:
        return delivery.kind.value
    return _incident_title(incident, in_words=in_words)


def _incident_title(incident: Incident, *, in_words: bool) -> str:
    title = incident.title if in_words else incident.label
    return f"{DLQ_MARK}{title}" if incident.is_drill else title

"""Emails in place of deliveries that Discord did not take, or beside an escalation.

Each person gets one of their own, with a link of their own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UpstreamUnavailable
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident, Status
from bot.domain.oncall.people import OnCallPerson
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import EmailedEntry
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryKinds
from bot.services.ports import Email, EmailRecipient, EmailSender, EmailWriter
from bot.services.shared.postings import posting_key
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.bundles import BundleRows, BundleWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineWrites

log = structlog.get_logger(__name__)

TRY_EMAIL_AGAIN: Final = timedelta(seconds=15)


class Links(Protocol):
    """Makes the links in emails by which their readers acknowledge."""

    async def urls(
        self, delivery: Delivery, incident_ids: Sequence[int], who: OnCallPerson
    ) -> Mapping[int, str]:
        """Return the links of one person for several incidents, by number."""


class DeliveryEmails:
    """Writes and sends the emails that stand in for a delivery.

    Args:
        sender: None when the bot sends no email.
    """

    def __init__(
        self, store: Store, links: Links, *, writer: EmailWriter, sender: EmailSender | None
    ) -> None:
        self._store = store
        self._links = links
        self._writer = writer
        self._sender = sender

    @property
    def can_send(self) -> bool:
        """Return True if there is a mail server."""
        return self._sender is not None

    async def send(self, delivery: Delivery, incident: Incident, *, to: Sequence[OnCallPerson]) -> list[str]:
        """Send each of *to* their email, and return the `OnCallPerson.mailbox` of those whose was accepted.

        Raises:
            StorageUnavailable.
        """
        first = await DeliveryRows(self._store.sql).delivery_by_key(
            posting_key(incident.id, DeliveryKind.ALERT, 1)
        )
        begins = delivery.nonce if first is None else first.nonce
        emails = []
        for who in to:
            links = await self._links.urls(delivery, [incident.id], who)
            emails.append(
                self._writer.write(delivery, incident, EmailRecipient(who, links.get(incident.id), begins))
            )
        return await self._accepted_of(emails, to, delivery)

    async def send_many(self, delivery: Delivery, bundle: Bundle, *, to: Sequence[OnCallPerson]) -> list[str]:
        """Send each of *to* one email about all incidents of *bundle*; return as `send` does."""
        shown = [incident.id for incident in bundle.shown]
        emails = [
            self._writer.write_many(
                delivery, bundle, to=who, links=await self._links.urls(delivery, shown, who)
            )
            for who in to
        ]
        return await self._accepted_of(emails, to, delivery)

    async def _accepted_of(
        self, emails: Sequence[Email], to: Sequence[OnCallPerson], delivery: Delivery
    ) -> list[str]:
        taken = await asyncio.gather(*(self._send_one(email, delivery) for email in emails))
        return [who.mailbox for who, is_taken in zip(to, taken, strict=True) if is_taken]

    async def _send_one(self, email: Email, delivery: Delivery) -> bool:
        if self._sender is None:
            return False
        try:
            await self._sender.send(email)
        except UpstreamUnavailable as away:
            log.warning("email.attempt_failed", delivery_id=delivery.id, reason=away.reason)
            return False
        return True


@dataclass(frozen=True, slots=True)
class EmailReach:
    """How many of its recipients an email has reached."""

    someone: bool
    everyone: bool


_NO_ONE = EmailReach(someone=False, everyone=False)


class EmailBackup:
    """Emails the people on call about deliveries, each person once."""

    def __init__(
        self, store: Store, policy: Policy, oncall: OnCall, kinds: DeliveryKinds, emails: DeliveryEmails
    ) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall
        self._kinds = kinds
        self._emails = emails

    async def stand_in(self, delivery: Delivery, incident: Incident | None) -> EmailReach:
        """Send the email in the place of a delivery that Discord did not take, and return who has it now."""
        channels = await self._channel_message(delivery)
        if channels is not None:  # its own email goes to the people who are left
            return EmailReach(someone=channels.has_email, everyone=channels.has_email)
        return _NO_ONE if incident is None else await self._email(delivery, incident)

    async def send(self, delivery_id: int) -> timedelta | None:
        """Send the email that backs up an escalation that Discord accepted and no one has acknowledged.

        Handler of the queue's email job; may run twice without harm. A delivery that was held in an outage
        has had its email already, or gets it by `stand_in`.

        Returns:
            How long to wait before another try, or None when no email is left to send.
        """
        asked = await DeliveryRows(self._store.sql).delivery(delivery_id)
        delivery = await self._kinds.of(asked).mailed_for(self._store, asked)
        if delivery is None or delivery.incident_id is None or delivery.held_at is not None:
            return None
        incident = await IncidentRows(self._store.sql).incident(delivery.incident_id)
        if not await self.is_owed(delivery, incident):
            return None
        reached = await self._email(delivery, incident)
        return None if reached.everyone else TRY_EMAIL_AGAIN

    async def is_owed(self, delivery: Delivery, incident: Incident) -> bool:
        """Return True if the policy asks for an email that is still of use."""
        is_mailed = self._kinds.of(delivery).is_mailed(delivery)
        asked_for = self._policy.rules_of(incident).email_backup or is_mailed
        if not self._emails.can_send or not asked_for:
            return False
        if incident.status is not Status.TRIGGERED:
            return False  # it is acknowledged: the email would only wake another responder
        if _place(delivery) is not None and delivery.status is DeliveryStatus.SENT:
            return False  # Discord was back before the email to the one person went out
        return delivery.kind.spec.goes_by_email and bool(await self._people(delivery, incident))

    async def _email(self, delivery: Delivery, incident: Incident) -> EmailReach:
        """Send the email to the people on call who do not have it yet, and return who has it now."""
        if delivery.emailed or not await self.is_owed(delivery, incident):
            return EmailReach(someone=delivery.has_email, everyone=delivery.emailed)
        people = await self._people(delivery, incident)
        left = [who for who in people if who.mailbox not in delivery.emailed_to]
        if delivery.bundle_id is not None:
            now = await self._email_of_many(delivery.bundle_id, incident, to=left)
        else:
            now = await self._email_of_one(delivery, incident, to=left)
        return EmailReach(someone=delivery.has_email or now.someone, everyone=now.everyone)

    async def _email_of_one(
        self, delivery: Delivery, incident: Incident, *, to: Sequence[OnCallPerson]
    ) -> EmailReach:
        accepted = await self._emails.send(delivery, incident, to=to)
        is_done = len(accepted) == len(to)
        if not accepted and not is_done:
            return _NO_ONE
        async with self._store.transaction() as tx:
            await DeliveryAttempts(tx.sql).mark_emailed(delivery.id, to=accepted, is_done=is_done)
            if accepted:
                await TimelineWrites(tx.sql).add_timeline(
                    incident.id, _emailed(len(accepted), at=await tx.now())
                )
        log.info("email.sent", delivery_id=delivery.id, incident_id=incident.id, left=len(to) - len(accepted))
        return EmailReach(someone=bool(accepted), everyone=is_done)

    async def _email_of_many(
        self, bundle_id: int, incident: Incident, *, to: Sequence[OnCallPerson]
    ) -> EmailReach:
        """Send one email that lists all incidents of a bundle; only the first shown *incident* sends it."""
        bundle = await BundleRows(self._store.sql).bundle(bundle_id)
        if not bundle.shown or bundle.shown[0].id != incident.id:
            return _NO_ONE
        accepted = await self._emails.send_many(
            await DeliveryRows(self._store.sql).delivery(bundle_id), bundle, to=to
        )
        is_done = len(accepted) == len(to)
        if not accepted and not is_done:
            return _NO_ONE
        async with self._store.transaction() as tx:
            told = await BundleRows(tx.sql).bundled(bundle_id)
            await BundleWrites(tx.sql).mark_bundle_emailed(bundle_id, to=accepted, is_done=is_done)
            if accepted:
                entry = _emailed(len(accepted), at=await tx.now())
                numbers = sorted({one.incident_id for one in told})
                await TimelineWrites(tx.sql).add_timelines([(number, entry) for number in numbers])
        log.info("email.sent", delivery_id=bundle_id, incidents=bundle.count, left=len(to) - len(accepted))
        return EmailReach(someone=bool(accepted), everyone=is_done)

    async def _channel_message(self, page: Delivery) -> Delivery | None:
        """Return the channel's message of the same step if everyone on call gets that by email anyway."""
        channels = await self._kinds.of(page).channel_message_of_same_step(self._store, page)
        if channels is None:
            return None
        will_be = channels.held_at is not None and channels.status is not DeliveryStatus.SENT
        return channels if channels.has_email or will_be else None

    async def _people(self, delivery: Delivery, incident: Incident) -> tuple[OnCallPerson, ...]:
        """Return the person that a page was for; for another delivery, everyone on call for the incident."""
        place = _place(delivery)
        places = self._policy.places_of(incident) if place is None else (place,)
        return await self._oncall.reachable(delivery.guild_id, places)


def _emailed(recipients: int, *, at: datetime) -> TimelineEntry:
    return TimelineEntry.of(EmailedEntry(recipients=recipients), at)


def _place(delivery: Delivery) -> str | None:
    """Return the on-call place that a delivery is for, if it is for one person on call."""
    kind, _, place = delivery.to.partition(":")
    return place if kind == "person" else None

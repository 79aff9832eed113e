"""One email per person: each has a link of their own."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UpstreamUnavailable
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.services.ports import Email, EmailRecipient, EmailSender, EmailWriter
from bot.services.shared.postings import posting_key
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows

log = structlog.get_logger(__name__)


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

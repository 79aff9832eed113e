"""Deliveries: messages that are to be sent, or were."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.delivery.delivery import Delivery, NewDelivery, Posted, Request
from bot.domain.escalation.bundle import Group


@dataclass(frozen=True, slots=True)
class Prospect:
    """The facts about a delivery that decide how it is sent.

    Attributes:
        now: The database's time.
        due_since: Due time of an undecided step. Until it is decided, more may come for the same place.
        is_behind: An earlier line of its thread, or its alert, is held back by an outage.
        group: The group to bundle a page or escalation with; None: it is sent alone, or has been begun.
        waiting: The number of deliveries in that group, this one included.
    """

    delivery: Delivery
    now: datetime
    due_since: datetime | None
    is_behind: bool
    group: Group | None
    waiting: int


class DeliveryLookups(Protocol):
    """Finds deliveries, within a transaction or without one."""

    async def delivery_by_key(self, key: str) -> Delivery | None:
        """Return the delivery with a key, finished or not."""

    async def pages(self, incident_id: int) -> list[Delivery]:
        """Return all DMs that an incident has queued, in any state, oldest first."""

    async def posts(self, incident_id: int) -> list[Delivery]:
        """Return the sent deliveries of an incident, oldest first."""


class DeliveryReads(DeliveryLookups, Protocol):
    """Reads deliveries, each in a statement of its own."""

    async def delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery, finished or not."""

    async def delivery_nonces(self, incident_id: int) -> list[str]:
        """Return the nonces of all deliveries of an incident, oldest first: they lead to rows of the DLQ."""

    async def naming_nonces(self, incident_id: int) -> list[str]:
        """Return the nonces of failed deliveries outside an incident whose body may name it.

        These are a morning list, a handover or a digest, and what an earlier version kept of a bundle.
        """

    async def naming_posts(self, incident_id: int) -> list[Delivery]:
        """Return the messages about other subjects that anyone may read and that may name an incident.

        Those that are being sent are among them; they have no message id yet.
        """

    async def held_deliveries(self) -> int:
        """Count the deliveries that wait for Discord to be back."""

    async def before_sending(self, delivery_id: int, *, at_most: int) -> Prospect | None:
        """Return an unfinished delivery, unlocked, with the facts that decide how it is sent.

        Args:
            at_most: How far those are counted that it could be told of with.

        Returns:
            None when it is finished, or a bundle tells of it.
        """


class DeliveryWrites(DeliveryLookups, Protocol):
    """The part of a transaction that queues, changes and cancels deliveries."""

    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        """Store deliveries, and enqueue the jobs of those that wait for nothing. A known key is skipped.

        A delivery whose `after` is sent already is enqueued at once.
        """

    async def cancel_delivery(self, delivery_id: int) -> None:
        """Cancel an unfinished delivery, and with a bundle the deliveries it has begun to send."""

    async def cancel_posts(self, incident_id: int) -> None:
        """Cancel an incident's queued deliveries to channels and threads, unless begun; DMs stay queued."""

    async def tell_thread_deleted(self, incident_id: int, thread_id: int, *, by: str) -> None:
        """Let the notices about an old thread say that it was deleted now, once they are refreshed.

        They get ``deleted_by`` and ``deleted_at``; those that have them keep them.
        """

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        """Record that these posts show the incident's *version*. The version never decreases."""

    async def adopt_deliveries(self, keys: Sequence[str], *, incident_id: int) -> None:
        """Make deliveries that belong to no incident those of this one, which shows itself in them."""


class DeliveryAttempts(Protocol):
    """The part of a transaction that sends a delivery: one attempt, and its result."""

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        """Lock a delivery that is pending or sending; None when it is finished."""

    async def begin_attempt(
        self, delivery_id: int, request: Request, *, version: int, late: bool = False, quiet: bool = False
    ) -> Delivery | None:
        """Mark a delivery as sending, and keep its request with the incident's version that it shows.

        The first request (and its version and time) stays: each attempt is the same message. One that is
        *late* takes its place; one that is *quiet* mentions no one, then and later.

        Returns:
            None when it was cancelled since it was claimed, because of an acknowledge.
        """

    async def finish_sent(self, delivery_id: int, posted: Posted) -> list[Delivery]:
        """Mark a delivery as sent, and enqueue and return the deliveries that waited for it."""

    async def finish_deleted(self, delivery_id: int, *, channel_id: int) -> None:
        """Mark a delivery as sent to a channel, but deleted there before its message's id was known.

        It is none of `Store.posts`. The deliveries that waited for it are enqueued.
        """

    async def finish_failed(self, delivery_id: int, *, error: str, http_status: int | None) -> None:
        """Mark a delivery as failed for good. What waited for it is cancelled."""

    async def retry_later(
        self, delivery_id: int, *, error: str, http_status: int | None, after: timedelta
    ) -> None:
        """Keep a delivery for another attempt, with the error of the failed one, and count that."""

    async def hold_delivery(
        self, delivery_id: int, *, error: str | None, http_status: int | None, after: timedelta
    ) -> bool:
        """Keep a delivery until Discord is back, without counting an attempt; return True if that is new."""

    async def is_overtaken(self, delivery_id: int) -> bool:
        """Return True if a later delivery of its kind has the same target and incident."""

    async def is_behind(self, delivery_id: int) -> bool:
        """Return True if an outage holds back the alert or an earlier delivery of its kind for its target."""

    async def is_in_line(self, delivery_id: int, *, behind: Collection[str], patience: timedelta) -> bool:
        """Return True if a delivery that comes before it, for its target, is on its way.

        Args:
            behind: The kinds that come before it.
            patience: How long it waits for that, from when it could be sent.
        """

    async def mark_emailed(self, delivery_id: int, *, to: Sequence[str], is_done: bool) -> None:
        """Record that an email in place of the delivery was accepted for *to* (`OnCallPerson.mailbox`).

        Args:
            is_done: No recipient is left.
        """

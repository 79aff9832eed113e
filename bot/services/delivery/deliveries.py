"""Sending each delivery once, however often the sender dies. See docs/internals/delivery.md."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import structlog

from bot.domain.delivery.delivery import (
    UNKNOWN,
    AttachedFiles,
    Attachment,
    Delivery,
    DeliveryStatus,
    NewDelivery,
    Posted,
    in_order,
    is_mute,
    may_double,
    retry_after,
)
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import (
    Crowded,
    DeletedSince,
    DeliveryRefused,
    DiscordAway,
    NewerVersion,
    StorageUnavailable,
    UpstreamUnavailable,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.posting import quieted
from bot.domain.privacy import would_expose
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryKinds
from bot.services.delivery.waiting import BEHIND, HeldDeliveries, dated, must_wait, wait_in_line
from bot.services.ports.discord import DiscordSending
from bot.services.shared.fencing import LOOK_AGAIN, OLD, SentDuringOutage, fresh
from bot.services.shared.jobs import refresh_job
from bot.storage.store import Store
from bot.storage.tables.deliveries import (
    AttachmentRows,
    DeliveryAttempts,
    DeliveryRows,
    DeliveryWrites,
)
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

_UNREAD: Final = f"{UNKNOWN}; cannot read the channel's history"

_UNFOUND: Final = f"{UNKNOWN}; not found in the channel's history"

#: How often to look for a message that is sent once, before a person has to.
_LOOKS: Final = 3


class Arrivals:
    """Records on incidents that their messages are posted."""

    def __init__(self, policy: Policy, kinds: DeliveryKinds) -> None:
        self._policy = policy
        self._kinds = kinds

    async def arrived(
        self, tx: Transaction, delivery: Delivery, posted: Posted, *, at: datetime | None = None
    ) -> None:
        """Record *delivery* on its incident, and queue a refresh if it shows less than is true now.

        Args:
            at: When it was posted; None for now.
        """
        if delivery.incident_id is None:
            return
        incident = await IncidentWrites(tx.sql).incident(delivery.incident_id, lock=True)
        incident = await self._kinds.of(delivery).placed(tx, incident, delivery, posted, at=at)
        if delivery.shown_version < incident.version:
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))

    async def adopt(self, tx: Transaction, key: str, posted: Posted, *, at: datetime | None = None) -> None:
        """Record a message that was posted before its delivery could be written down.

        If the delivery is recorded at another place already, this message belongs to the incident as well.

        Args:
            at: When it was posted; None: about when its delivery was stored.
        """
        delivery = await DeliveryRows(tx.sql).delivery_by_key(key)
        if delivery is None:
            return
        if delivery.status is DeliveryStatus.SENT:
            await self._keep_second(tx, delivery, posted)
            return
        await DeliveryAttempts(tx.sql).finish_sent(delivery.id, posted)
        await self.arrived(tx, delivery, posted, at=at or delivery.created_at)

    async def _keep_second(self, tx: Transaction, first: Delivery, posted: Posted) -> None:
        """Keep the second copy of a message: a 👀 counts on either, and the copy points to the alert.

        There are two if a process gets no answer to its COMMIT and cannot look whether that worked: it then
        posts what another process posts, too.
        """
        if first.incident_id is None or posted.message_id in (None, first.message_id):
            return
        key = f"{first.key}:second:{posted.message_id}"
        if await DeliveryRows(tx.sql).delivery_by_key(key) is not None:
            return
        second = NewDelivery(DeliveryKind.SECOND, first.to, key, first.guild_id, first.incident_id)
        await DeliveryWrites(tx.sql).insert_deliveries([second])
        stored = await DeliveryRows(tx.sql).delivery_by_key(key)
        assert stored is not None, "it was stored a moment ago"
        await DeliveryAttempts(tx.sql).finish_sent(stored.id, posted)
        incident = await IncidentWrites(tx.sql).incident(first.incident_id, lock=True)
        await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))
        log.warning("delivery.told_twice", incident_id=first.incident_id, kind=first.kind)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed; *final* when no further attempt will."""

    reason: str
    http_status: int | None
    final: bool
    asked_s: float | None = None
    code: int = 0

    @property
    def away(self) -> UpstreamUnavailable:
        """Return the failure as the error "Discord did not answer"."""
        return UpstreamUnavailable(self.reason, http_status=self.http_status, retry_after_s=self.asked_s)


def require_repeatable(delivery: Delivery, unread: DeliveryRefused, *, now: datetime) -> None:
    """Check that *delivery* may be sent again although the bot cannot read whether it is posted already.

    Discord merges two messages while it knows their nonce; a channel that is gone has neither of them.

    Raises:
        DeliveryRefused: it must not be sent again; the DLQ row tells a person to look.
    """
    if delivery.kind.spec.is_once:
        raise DeliveryRefused(_UNREAD, http_status=unread.http_status) from unread
    is_known = delivery.first_sent_at is None or now - delivery.first_sent_at < OLD
    if is_known or may_double(delivery) or unread.http_status == HTTPStatus.NOT_FOUND:
        return
    raise DeliveryRefused(_UNREAD, http_status=unread.http_status) from unread


def require_unsent(delivery: Delivery) -> None:
    """Check that *delivery*, whose message was not found after an attempt, may be sent again.

    Raises:
        UpstreamUnavailable: it is sent once, and perhaps its message is on its way. DeliveryRefused: it has
            not come by now; a person has to look.
    """
    if not delivery.kind.spec.is_once:
        return
    if delivery.attempts < _LOOKS:
        raise UpstreamUnavailable(_UNFOUND)
    raise DeliveryRefused(_UNFOUND, http_status=HTTPStatus.GATEWAY_TIMEOUT)


def require_patience(delivery: Delivery, away: UpstreamUnavailable) -> None:
    """Check that it is worth looking again for the message of an earlier attempt.

    Raises:
        DeliveryRefused: it is sent once, and the channel could not be read often enough.
    """
    if delivery.kind.spec.is_once and delivery.attempts >= _LOOKS:
        status = away.http_status or HTTPStatus.GATEWAY_TIMEOUT
        raise DeliveryRefused(_UNREAD, http_status=status) from away


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt at a delivery.

    Attributes:
        is_obsolete: It need not be sent any more.
        incident: The incident that it is about, if that was read already.
    """

    delivery: Delivery
    is_obsolete: bool
    incident: Incident | None = None


class Deliveries:
    """Handler of the queue's deliver job; may run twice without harm.

    Args:
        kinds: The handlers of the kinds of deliveries.
        sent_during_outage: Knows the messages that were sent while the database was away.
    """

    def __init__(
        self,
        store: Store,
        discord: DiscordSending,
        policy: Policy,
        kinds: DeliveryKinds,
        sent_during_outage: SentDuringOutage,
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._kinds = kinds
        self._sent_during_outage = sent_during_outage
        self._held = HeldDeliveries(policy, kinds)
        self._arrivals = Arrivals(policy, kinds)

    async def deliver(self, delivery_id: int) -> timedelta | None:
        """Make one attempt at a delivery, unless it must wait for others or is obsolete.

        Returns:
            When to try again, or None when it is finished one way or the other.
        """
        seen, incident = await asyncio.gather(
            DeliveryRows(self._store.sql).before_sending(delivery_id, at_most=self._policy.storm.bundle_from),
            self._kinds.incidents.read_for_delivery(delivery_id),
        )
        if seen is None:
            return None
        handler = self._kinds.of(seen.delivery)
        if wait := await handler.gather(seen):
            return wait
        # An outage may hold back the delivery, or what comes before it.
        is_held_back = seen.delivery.held_at is not None or seen.is_behind
        if incident is not None and not handler.is_one_of_many(seen) and not is_held_back:
            obsolete = await handler.is_obsolete_unlocked(self._store, seen.delivery, incident)
            if obsolete is not None:
                return await self._go(_Attempt(seen.delivery, obsolete, incident), now=seen.now)
        async with self._store.transaction() as tx:
            delivery = await DeliveryAttempts(tx.sql).claim_delivery(delivery_id)
            if delivery is None:
                return None
            if await must_wait(tx, delivery):
                wait = await self._held.hold(tx, delivery, BEHIND)
            else:
                wait = await wait_in_line(tx, delivery)
            if wait:
                return wait
            obsolete, now = await handler.is_obsolete(tx, delivery), await tx.now()
        return await self._go(_Attempt(delivery, obsolete), now=now)

    async def _go(self, attempt: _Attempt, *, now: datetime) -> timedelta | None:
        """Make an attempt at a delivery that need not wait for others; see `deliver`."""
        delivery = dated(attempt.delivery, now=now)
        is_old = now - delivery.created_at >= OLD
        if delivery.kind.spec.is_urgent and is_old and await self._sent_during_outage.is_unrecorded():
            return LOOK_AGAIN
        return await self._finish(replace(attempt, delivery=delivery))

    async def _finish(self, attempt: _Attempt) -> timedelta | None:
        """Make the attempt, and record its outcome; see `deliver`."""
        delivery = attempt.delivery
        match await self._attempt(attempt):
            case Posted() as posted:
                await self._sent(delivery, posted)
            case DiscordAway() as away:
                return await self._hold(delivery, away)
            case Crowded() as limit:
                return await self._no_capacity(delivery, limit)
            case DeletedSince() as deleted:
                await self._deleted(delivery, deleted)
            case Failure() as failure:
                return await self._not_sent(delivery, failure)
            case None:
                async with self._store.transaction() as tx:
                    await DeliveryWrites(tx.sql).cancel_delivery(delivery.id)
                    await self._kinds.of(delivery).cancelled(tx, delivery)
        return None

    async def _attempt(
        self, attempt: _Attempt
    ) -> Posted | Failure | DiscordAway | Crowded | DeletedSince | None:
        """Make one attempt and return its outcome; None if it must not be sent any more."""
        delivery, is_obsolete = attempt.delivery, attempt.is_obsolete
        try:
            # An attempt that never reported back may have left its message in the channel.
            found = await self._find(delivery, is_obsolete=is_obsolete)
            if found is not None or is_obsolete:
                return found
            return await self._send(attempt)
        except (DiscordAway, Crowded, DeletedSince) as other:
            return other
        except DeliveryRefused as refused:
            return Failure(refused.reason, refused.http_status, final=True, code=refused.code)
        except UpstreamUnavailable as away:
            return Failure(away.reason, away.http_status, final=False, asked_s=away.retry_after_s)
        except (StorageUnavailable, NewerVersion):
            raise
        except Exception as bug:  # it must not keep a P0 silent: in the end it goes by email
            log.exception("delivery.attempt_broken", delivery_id=delivery.id, kind=delivery.kind)
            return Failure(f"a bug: {type(bug).__name__}", None, final=False)

    async def _find(self, delivery: Delivery, *, is_obsolete: bool) -> Posted | None:
        if told := self._sent_during_outage.posted(delivery):  # without the database
            return told
        if delivery.request is None or delivery.first_sent_at is None:
            return None
        try:
            found = await self._discord.find(delivery.request, since=delivery.first_sent_at)
        except DeliveryRefused as unread:
            if not is_obsolete:
                require_repeatable(delivery, unread, now=await self._store.now())
            return None
        except UpstreamUnavailable as away:
            require_patience(delivery, away)
            raise
        if found is None:
            require_unsent(delivery)
            return None
        log.info("delivery.adopted", delivery_id=delivery.id, kind=delivery.kind)
        return found

    async def _send(self, attempt: _Attempt) -> Posted | None:
        delivery = attempt.delivery
        subject = attempt.incident or await self._kinds.load(delivery)
        request, quiet = delivery.request, False
        if request is None or delivery.is_late:  # a late one says its time, and what is true now
            quiet = await self._kinds.of(delivery).stays_quiet(self._store, delivery)
            told = quieted(delivery) if quiet else delivery
            request = await self._discord.compose(told, subject)
        if isinstance(subject, Incident) and subject.is_private:
            posts = await DeliveryRows(self._store.sql).posts(subject.id)
            if would_expose(delivery, request, posts):
                return None  # it was queued, or even begun, while the incident was public
        refs = AttachedFiles.from_json(delivery.data).files
        files: list[Attachment] = []
        if refs:  # almost no delivery carries any
            stored = await AttachmentRows(self._store.sql).attachments([ref.key for ref in refs])
            files = in_order(refs, stored)
        self._discord.require_capacity(request)  # before it begins: a begun attempt has to be searched for
        version = subject.version if isinstance(subject, Incident) else 0
        with fresh():
            async with self._store.at_once() as tx:
                late = delivery.is_late
                begun = await DeliveryAttempts(tx.sql).begin_attempt(
                    delivery.id, request, version=version, late=late, quiet=quiet
                )
            if begun is None:
                return None  # it was acknowledged while the message was being made
            self._sent_during_outage.begin(begun)
            return await self._discord.send(begun.request or request, nonce=begun.nonce, files=files)

    async def _sent(self, delivery: Delivery, posted: Posted) -> None:
        async with self._store.transaction() as tx:
            current = await DeliveryAttempts(tx.sql).claim_delivery(delivery.id)
            if current is None:
                return  # another worker has reported it while this one was away
            await DeliveryAttempts(tx.sql).finish_sent(delivery.id, posted)
            is_silent = is_mute(current, posted)
            if current.incident_id is not None:
                await self._arrivals.arrived(tx, current, posted)
            else:
                await self._kinds.of(current).sent(tx, current)
            if is_silent:
                await self._kinds.of(current).on_mention_suppressed(tx, current)
        log.info(
            "delivery.sent", delivery_id=delivery.id, kind=delivery.kind, incident_id=delivery.incident_id
        )
        if is_silent:
            log.error("delivery.ping_suppressed", delivery_id=delivery.id, channel_id=posted.channel_id)

    async def _deleted(self, delivery: Delivery, deleted: DeletedSince) -> None:
        """Finish a delivery that was posted and then deleted; an alert or a thread's root is posted anew."""
        async with self._store.transaction() as tx:
            current = await DeliveryAttempts(tx.sql).claim_delivery(delivery.id)
            if current is None:
                return
            await self._kinds.of(current).deleted(tx, current, channel_id=deleted.channel_id)
        log.info("delivery.deleted_since", delivery_id=delivery.id, kind=delivery.kind)

    async def _hold(self, delivery: Delivery, away: DiscordAway) -> timedelta | None:
        async with self._store.transaction() as tx:
            current = await DeliveryAttempts(tx.sql).claim_delivery(delivery.id)
            if current is None:
                return None
            return await self._held.hold(tx, current, away)

    async def _no_capacity(self, delivery: Delivery, limit: Crowded) -> timedelta | None:
        if not delivery.kind.spec.is_urgent:
            return limit.capacity_in
        async with self._store.transaction() as tx:
            current = await DeliveryAttempts(tx.sql).claim_delivery(delivery.id)
            if current is None:
                return None
            await self._held.hold_if_late(tx, current, limit, wait=limit.capacity_in)
        return limit.capacity_in

    async def _not_sent(self, delivery: Delivery, failure: Failure) -> timedelta | None:
        attempts, asked = delivery.attempts + 1, timedelta(seconds=failure.asked_s or 0.0)
        again = None if failure.final else retry_after(delivery.kind, attempts, asked_s=failure.asked_s)
        log.warning(
            "delivery.attempt_failed",
            delivery_id=delivery.id,
            kind=delivery.kind,
            http_status=failure.http_status,
            reason=failure.reason,
            gives_up=again is None,
        )
        async with self._store.transaction() as tx:
            current = await DeliveryAttempts(tx.sql).claim_delivery(
                delivery.id
            )  # with the request of this attempt
            if current is None:
                return None
            if not failure.final and (wait := again or asked):
                held = await self._held.hold_if_late(tx, current, failure.away, wait=wait)
                if held and asked:
                    return wait  # Discord accepts it then: no reason to give it up
            if again is not None:
                await DeliveryAttempts(tx.sql).retry_later(
                    delivery.id, error=failure.reason, http_status=failure.http_status, after=again
                )
            else:
                # What follows is queued in the same commit: the DLQ entry and the email.
                await DeliveryAttempts(tx.sql).finish_failed(
                    current.id, error=failure.reason, http_status=failure.http_status
                )
                handler = self._kinds.of(current)
                await handler.give_up(tx, current, reason=failure.reason, code=failure.code)
        return again

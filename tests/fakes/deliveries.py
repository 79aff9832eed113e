"""Deliveries in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.domain.delivery.delivery import (
    PAGING,
    UNFINISHED,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    NewDelivery,
    Posted,
    Request,
)
from bot.services.ports import Job, JobName
from tests.fakes.base import FakePart
from tests.fakes.state import StoredDelivery, sent_of

GIVEN_UP = frozenset({DeliveryStatus.FAILED, DeliveryStatus.CANCELLED})


class FakeDeliveries(FakePart):
    """The part of a transaction that is about deliveries."""

    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        for one in new:
            if self.state.delivery_by_key(one.key) is None:
                self._insert_delivery(one)

    def _insert_delivery(self, new: NewDelivery) -> None:
        first = None if new.after is None else self.state.delivery_by_key(new.after)
        if new.after is not None and first is None:
            raise RuntimeError(f"{new.key} waits for {new.after}, which is not owed")
        given_up = first is not None and first.delivery.status in GIVEN_UP
        delivery = self._owed(new)
        if given_up:
            delivery = replace(delivery, status=DeliveryStatus.CANCELLED)
        finished_at = self._now if given_up else None
        self.state.deliveries[delivery.id] = StoredDelivery(delivery, new.after, self._now, finished_at)
        if first is None or first.delivery.status is DeliveryStatus.SENT:
            self._enqueue(deliver_job(delivery))

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        stored = self.state.deliveries.get(delivery_id)
        if stored is None or stored.delivery.status not in UNFINISHED or stored.delivery.bundle_id:
            return None
        return self.state.delivery(delivery_id)

    async def delivery_by_key(self, key: str) -> Delivery | None:
        stored = self.state.delivery_by_key(key)
        return None if stored is None else self.state.delivery(stored.delivery.id)

    async def pages(self, incident_id: int) -> list[Delivery]:
        found = map(self.state.delivery, sorted(self.state.deliveries))
        return [one for one in found if one.incident_id == incident_id and one.kind is DeliveryKind.PAGE]

    async def posts(self, incident_id: int) -> list[Delivery]:
        sent = (one for one in sent_of(self.state) if one.incident_id == incident_id)
        return [one for one in sent if one.message_id is not None]

    async def begin_attempt(
        self, delivery_id: int, request: Request, *, version: int, late: bool = False, quiet: bool = False
    ) -> Delivery | None:
        stored = self.state.deliveries[delivery_id]
        delivery = stored.delivery
        if delivery.status not in UNFINISHED or delivery.bundle_id:
            return None
        begun = replace(
            delivery,
            status=DeliveryStatus.SENDING,
            request=request if late else delivery.request or request,
            shown_version=delivery.shown_version if delivery.request and not late else version,
            is_late=delivery.is_late or late,
            data={**delivery.data, "quiet": True} if quiet else delivery.data,
            first_sent_at=delivery.first_sent_at or self._now,
        )
        self.state.deliveries[delivery_id] = replace(stored, delivery=begun, next_try_at=self._now)
        for one in self._bundled(delivery_id, DeliveryStatus.PENDING):
            shown = self._incident(one.delivery.incident_id or 0).version
            sending = {"status": DeliveryStatus.SENDING, "first_sent_at": self._now, "shown_version": shown}
            sending["request"] = replace(begun.request or request, body={})
            self._change_delivery(one, **sending)
        return self.state.delivery(delivery_id)

    async def finish_sent(self, delivery_id: int, posted: Posted) -> list[Delivery]:
        return self._finish_sent(delivery_id, posted.channel_id, posted.message_id)

    async def finish_deleted(self, delivery_id: int, *, channel_id: int) -> None:
        self._finish_sent(delivery_id, channel_id, None)

    def _finish_sent(self, delivery_id: int, channel_id: int, message_id: int | None) -> list[Delivery]:
        stored = self.state.deliveries[delivery_id]
        if stored.delivery.status is DeliveryStatus.SENT:
            return []
        sent = replace(
            stored.delivery,
            status=DeliveryStatus.SENT,
            channel_id=channel_id,
            message_id=message_id,
            error=None,
            http_status=None,
        )
        self.state.deliveries[delivery_id] = replace(stored, delivery=sent, finished_at=self._now)
        for one in self._bundled(delivery_id, DeliveryStatus.SENDING, DeliveryStatus.FAILED):
            place = {"channel_id": channel_id, "message_id": message_id}
            self._change_delivery(one, status=DeliveryStatus.SENT, error=None, http_status=None, **place)
        waiting = self._waiting_for(sent.key)
        for number in waiting:
            self.state.deliveries[number] = replace(self.state.deliveries[number], next_try_at=self._now)
            self._enqueue(deliver_job(self.state.deliveries[number].delivery))
        return [self.state.delivery(one) for one in waiting]

    async def finish_failed(self, delivery_id: int, *, error: str, http_status: int | None) -> None:
        stored = self.state.deliveries[delivery_id]
        if stored.delivery.status in UNFINISHED:
            told = replace(stored.delivery, error=error, http_status=http_status)
            self.state.deliveries[delivery_id] = replace(stored, delivery=told)
            self._finish(delivery_id, DeliveryStatus.FAILED)
            for one in self._bundled(delivery_id, *UNFINISHED):
                whole = stored.delivery
                asked = None if whole.request is None else replace(whole.request, body={})
                kept: dict[str, object] = {"request": asked, "attempts": whole.attempts}
                kept |= {"first_sent_at": whole.first_sent_at, "error": error}
                self._change_delivery(one, status=DeliveryStatus.FAILED, http_status=http_status, **kept)

    async def retry_later(
        self, delivery_id: int, *, error: str, http_status: int | None, after: timedelta
    ) -> None:
        stored = self.state.deliveries[delivery_id]
        if stored.delivery.status in UNFINISHED:
            attempts = stored.delivery.attempts + 1
            told = replace(stored.delivery, attempts=attempts, error=error, http_status=http_status)
            self.state.deliveries[delivery_id] = replace(stored, delivery=told, next_try_at=self._now + after)

    async def hold_delivery(
        self, delivery_id: int, *, error: str | None, http_status: int | None, after: timedelta
    ) -> bool:
        stored = self.state.deliveries[delivery_id]
        before = stored.delivery
        if before.status not in UNFINISHED:
            return False
        held = replace(
            before,
            held_at=before.held_at or self._now,
            error=error or before.error,
            http_status=http_status or before.http_status,
        )
        self.state.deliveries[delivery_id] = replace(stored, delivery=held, next_try_at=self._now + after)
        for one in self._bundled(delivery_id, *UNFINISHED):
            self._change_delivery(one, held_at=one.delivery.held_at or self._now)
        return before.held_at is None

    async def is_overtaken(self, delivery_id: int) -> bool:
        return any(
            one.id > delivery_id and one.status is not DeliveryStatus.CANCELLED
            for one in self._like(delivery_id)
        )

    async def is_behind(self, delivery_id: int) -> bool:
        return any(
            one.id < delivery_id and one.held_at is not None and one.status in UNFINISHED
            for one in self._like(delivery_id, DeliveryKind.ALERT)
        )

    async def is_in_line(self, delivery_id: int, *, patience: timedelta) -> bool:
        if self.state.deliveries[delivery_id].delivery.created_at <= self._now - patience:
            return False
        return any(
            one.id < delivery_id and one.attempts < 3 and one.status in UNFINISHED  # as in SQL
            for one in self._like(delivery_id)
        )

    def _like(self, delivery_id: int, *others: DeliveryKind) -> list[Delivery]:
        own = self.state.deliveries[delivery_id].delivery
        every = (stored.delivery for stored in self.state.deliveries.values())
        alike = (one for one in every if one.kind in (own.kind, *others) and one.to == own.to)
        # As SQL has it: what belongs to no incident is like nothing else.
        return [one for one in alike if own.incident_id and one.incident_id == own.incident_id]

    async def cancel_delivery(self, delivery_id: int) -> None:
        delivery = self.state.deliveries[delivery_id].delivery
        if delivery.status not in UNFINISHED or delivery.bundle_id:
            return
        self._finish(delivery_id, DeliveryStatus.CANCELLED)
        for one in self._bundled(delivery_id, DeliveryStatus.SENDING):
            self._finish(one.delivery.id, DeliveryStatus.CANCELLED)
        for one in self._bundled(delivery_id, DeliveryStatus.PENDING):
            self._change_delivery(one, bundle_id=None)
            self._enqueue(deliver_job(one.delivery))

    def _cancel_paging(self, incident_id: int) -> None:
        for delivery_id, stored in list(self.state.deliveries.items()):
            delivery = stored.delivery
            is_page = delivery.incident_id == incident_id and delivery.kind in PAGING
            if is_page and delivery.status is DeliveryStatus.PENDING:
                self._finish(delivery_id, DeliveryStatus.CANCELLED)

    async def cancel_posts(self, incident_id: int) -> None:
        for delivery_id, stored in list(self.state.deliveries.items()):
            delivery = stored.delivery
            is_post = delivery.incident_id == incident_id and not delivery.to.startswith(("person:", "user:"))
            if is_post and delivery.status is DeliveryStatus.PENDING:
                self._finish(delivery_id, DeliveryStatus.CANCELLED)

    async def tell_thread_deleted(self, incident_id: int, thread_id: int, *, by: str) -> None:
        told = {"deleted_by": by, "deleted_at": self._now.isoformat()}
        for number, stored in list(self.state.deliveries.items()):
            delivery, data = stored.delivery, stored.delivery.data
            is_about = delivery.kind is DeliveryKind.NOTICE and str(data.get("thread")) == str(thread_id)
            if delivery.incident_id == incident_id and is_about and "deleted_by" not in data:
                changed = replace(delivery, data={**data, **told}, shown_version=0)
                self.state.deliveries[number] = replace(stored, delivery=changed)

    async def mark_emailed(self, delivery_id: int, *, to: Sequence[str], is_done: bool) -> None:
        stored = self.state.deliveries[delivery_id]
        told = emailed(stored.delivery, to=to, is_done=is_done)
        self.state.deliveries[delivery_id] = replace(stored, delivery=told)

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        for delivery_id in delivery_ids:
            stored = self.state.deliveries[delivery_id]
            shown = max(stored.delivery.shown_version, version)
            shows = replace(stored.delivery, shown_version=shown)
            self.state.deliveries[delivery_id] = replace(stored, delivery=shows)

    def _finish(self, delivery_id: int, status: DeliveryStatus) -> None:
        """End it unsent, and with it whatever waits for it, however far down."""
        stored = self.state.deliveries[delivery_id]
        ended = replace(stored.delivery, status=status)
        self.state.deliveries[delivery_id] = replace(stored, delivery=ended, finished_at=self._now)
        self.state.jobs.pop(deliver_job(ended).key, None)
        for one in self._waiting_for(ended.key):
            self._finish(one, DeliveryStatus.CANCELLED)

    def _bundled(self, bundle_id: int, *statuses: DeliveryStatus) -> list[StoredDelivery]:
        return [
            stored
            for stored in self.state.deliveries.values()
            if stored.delivery.bundle_id == bundle_id and stored.delivery.status in statuses
        ]

    def _change_delivery(self, stored: StoredDelivery, **changes: object) -> None:
        changed: Delivery = replace(stored.delivery, **changes)  # type: ignore[arg-type]
        finished_at = None if changed.status in UNFINISHED else self._now
        self.state.deliveries[changed.id] = replace(stored, delivery=changed, finished_at=finished_at)

    def _waiting_for(self, key: str) -> list[int]:
        return [
            delivery_id
            for delivery_id, stored in self.state.deliveries.items()
            if stored.after == key and stored.delivery.status is DeliveryStatus.PENDING
        ]


def deliver_job(delivery: Delivery) -> Job:
    """The job that sends *delivery*."""
    return Job(JobName.DELIVER, str(delivery.id), f"deliver:{delivery.id}", priority=delivery.priority)


def emailed(delivery: Delivery, *, to: Sequence[str], is_done: bool) -> Delivery:
    """*delivery* with those who have its email now."""
    has_it = tuple(sorted({*delivery.emailed_to, *to}))
    return replace(delivery, emailed_to=has_it, emailed=delivery.emailed or is_done)

"""Deliveries."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import cache

from bot.capability import delivery_kinds
from bot.domain.delivery.delivery import Delivery, NewDelivery, Posted, Request
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.bundle import Group
from bot.domain.incident.incident import label_of
from bot.services.ports.store.deliveries import Prospect
from bot.storage.rows import deliveries_from_rows, delivery_from_row, request_as_json
from bot.storage.tables.bases import ReadPart
from bot.storage.tables.queued import QueuedDeliveries, deliver_job


@cache
def _edited() -> list[AnyDeliveryKind]:
    """Return the kinds whose messages may name another incident by an edit."""
    return [kind for kind in delivery_kinds().values() if kind.spec.is_refreshed and kind.spec.has_words]


class PostgresDeliveryReads(ReadPart):
    """A `bot.services.ports.store.deliveries.DeliveryReads`."""

    async def delivery(self, delivery_id: int) -> Delivery:
        return delivery_from_row(await self._sql.one("delivery", delivery_id=delivery_id))

    async def delivery_by_key(self, key: str) -> Delivery | None:
        row = await self._sql.first("delivery_by_key", key=key)
        return None if row is None else delivery_from_row(row)

    async def pages(self, incident_id: int) -> list[Delivery]:
        return deliveries_from_rows(await self._sql.all("pages", incident_id=incident_id))

    async def posts(self, incident_id: int) -> list[Delivery]:
        return deliveries_from_rows(await self._sql.all("posts", incident_id=incident_id))

    async def delivery_nonces(self, incident_id: int) -> list[str]:
        return [row["nonce"] for row in await self._sql.all("delivery_nonces", incident_id=incident_id)]

    async def naming_nonces(self, incident_id: int) -> list[str]:
        return [row["nonce"] for row in await self._sql.all("naming_nonces", incident_id=incident_id)]

    async def naming_posts(self, incident_id: int) -> list[Delivery]:
        rows = await self._sql.all(
            "naming_posts", incident_id=incident_id, label=label_of(incident_id), edited=_edited()
        )
        return deliveries_from_rows(rows)

    async def held_deliveries(self) -> int:
        held: int = (await self._sql.one("held_deliveries"))["held"]
        return held

    async def before_sending(self, delivery_id: int, *, at_most: int) -> Prospect | None:
        row = await self._sql.first(
            "before_sending", delivery_id=delivery_id, at_most=at_most, guild_id=self._guild_id
        )
        if row is None:
            return None
        delivery, group = delivery_from_row(row), None
        if row["waiting"] is not None:
            place = (delivery.to, row["severity"], row["mention"], delivery.priority)
            group = Group(delivery.guild_id, delivery.kind, *place)
        dues = row["due_since"], row["is_behind"]
        return Prospect(delivery, row["now"], *dues, group, row["waiting"] or 0)


class PostgresDeliveryWrites(PostgresDeliveryReads, QueuedDeliveries):
    """A `bot.services.ports.store.deliveries.DeliveryWrites`."""

    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        self._appends.deliveries += new

    async def cancel_delivery(self, delivery_id: int) -> None:
        await self._lock_incident_of(delivery_id)
        await self._clear_up(await self._sql.all("cancel_delivery", delivery_id=delivery_id))
        await self._sql.all("cancel_bundled", bundle_id=delivery_id)
        released = await self._sql.all("release_bundled", bundle_id=delivery_id)
        self._queue.add(*map(deliver_job, released))

    async def cancel_posts(self, incident_id: int) -> None:
        await self._lock_incident(incident_id)
        await self._clear_up(await self._sql.all("cancel_posts", incident_id=incident_id))

    async def tell_thread_deleted(self, incident_id: int, thread_id: int, *, by: str) -> None:
        await self._lock_incident(incident_id)
        await self._sql.all(
            "tell_thread_deleted", incident_id=incident_id, thread_id=str(thread_id), deleted_by=by
        )

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        for delivery_id in delivery_ids[:1]:  # they are one incident's
            await self._lock_incident_of(delivery_id)
        await self._sql.all("set_shown", delivery_ids=list(delivery_ids), version=version)

    async def adopt_deliveries(self, keys: Sequence[str], *, incident_id: int) -> None:
        await self._sql.all("adopt_deliveries", keys=list(keys), incident_id=incident_id)


class PostgresDeliveryAttempts(QueuedDeliveries):
    """A `bot.services.ports.store.deliveries.DeliveryAttempts`."""

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        row = await self._sql.first("claim_delivery", delivery_id=delivery_id)
        if row is None:
            return None
        self._now = row["now"]
        if row["kind"] != DeliveryKind.BUNDLE:  # which others may join
            self._claimed.add(delivery_id)
        return delivery_from_row(row)

    async def begin_attempt(
        self, delivery_id: int, request: Request, *, version: int, late: bool = False, quiet: bool = False
    ) -> Delivery | None:
        kept = request_as_json(request)
        row = await self._sql.first(
            "begin_attempt",
            delivery_id=delivery_id,
            request=kept,
            version=version,
            is_late=late,
            is_quiet=quiet,
        )
        return None if row is None else delivery_from_row(row)

    async def finish_sent(self, delivery_id: int, posted: Posted) -> list[Delivery]:
        return await self._finish_sent(delivery_id, posted.channel_id, posted.message_id)

    async def finish_deleted(self, delivery_id: int, *, channel_id: int) -> None:
        await self._finish_sent(delivery_id, channel_id, None)

    async def _finish_sent(self, delivery_id: int, channel_id: int, message_id: int | None) -> list[Delivery]:
        await self._lock_incident_of(delivery_id)
        rows = await self._sql.all(
            "finish_sent", delivery_id=delivery_id, channel_id=channel_id, message_id=message_id
        )
        released = [row["id"] for row in rows if row["id"] is not None]
        if not released:
            return []
        waiting = await self._sql.all("deliveries", delivery_ids=released)
        self._queue.add(*map(deliver_job, waiting))
        return deliveries_from_rows(waiting)

    async def finish_failed(self, delivery_id: int, *, error: str, http_status: int | None) -> None:
        await self._lock_incident_of(delivery_id)
        await self._clear_up(
            await self._sql.all(
                "finish_failed", delivery_id=delivery_id, error=error, http_status=http_status
            )
        )
        await self._sql.all("fail_bundled", bundle_id=delivery_id, error=error, http_status=http_status)

    async def retry_later(
        self, delivery_id: int, *, error: str, http_status: int | None, after: timedelta
    ) -> None:
        await self._lock_incident_of(delivery_id)
        await self._sql.all(
            "retry_later", delivery_id=delivery_id, error=error, http_status=http_status, delay=after
        )

    async def hold_delivery(
        self, delivery_id: int, *, error: str | None, http_status: int | None, after: timedelta
    ) -> bool:
        await self._lock_incident_of(delivery_id)
        row = await self._sql.first(
            "hold_delivery", delivery_id=delivery_id, error=error, http_status=http_status, delay=after
        )
        await self._sql.all("hold_bundled", bundle_id=delivery_id)
        return row is not None and bool(row["is_news"])

    async def is_overtaken(self, delivery_id: int) -> bool:
        return await self._sql.has("overtaken", delivery_id=delivery_id)

    async def is_behind(self, delivery_id: int) -> bool:
        return await self._sql.has("behind", delivery_id=delivery_id)

    async def is_in_line(self, delivery_id: int, *, behind: Collection[str], patience: timedelta) -> bool:
        kinds = sorted(behind)
        return await self._sql.has("in_line", delivery_id=delivery_id, kinds=kinds, patience=patience)

    async def mark_emailed(self, delivery_id: int, *, to: Sequence[str], is_done: bool) -> None:
        await self._lock_incident_of(delivery_id)
        await self._sql.all("mark_emailed", delivery_id=delivery_id, emailed_to=list(to), is_done=is_done)

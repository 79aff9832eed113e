"""Deliveries, within a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import (
    PAGING,
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    NewDelivery,
    Posted,
    Request,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineEntry
from bot.services.ports import Job, JobName
from bot.storage.appends import Appends, owed_as_json
from bot.storage.database.locks import IncidentLocks
from bot.storage.database.sql import Row, many
from bot.storage.queue.enqueue import Queue
from bot.storage.rows import (
    deliveries_from_rows,
    delivery_from_row,
    entry_as_json,
    request_as_json,
    timed_as_json,
)

#: What waits for one of these will never be sent.
_ENDED: Final = frozenset({DeliveryStatus.FAILED, DeliveryStatus.CANCELLED})


class DeliveryWrites(IncidentLocks):
    """The part of a transaction that is about deliveries."""

    _queue: Queue
    _appends: Appends
    _ended: set[int]
    _now: datetime | None
    _claimed: set[int]  # their incidents are locked

    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        self._appends.owed += new

    async def write_appends(self) -> None:
        """Write what was only added so far, and ask for the jobs of what can be sent."""
        if not self._appends:
            return
        appends, self._appends = self._appends, Appends()
        held = await self._hold_what_they_wait_for(appends.owed)
        made = await self._sql.all("append", **appends.arguments())
        if len(made) < len(appends.owed) or not _ENDED.isdisjoint(held.values()):
            await self._sql.all(
                "cancel_waiting", ended_keys=[one.after for one in appends.owed if one.after is not None]
            )
            made = await self._sql.all("ready_deliveries", delivery_ids=[row["id"] for row in made])
        else:
            may_go = {None, *(key for key, status in held.items() if status == DeliveryStatus.SENT)}
            made = [row for row in made if row["after_key"] in may_go]
        self._queue.add(*map(deliver_job, made))

    async def _store_owed(self, new: Sequence[NewDelivery], *, bundle_id: int | None = None) -> list[int]:
        """Without a job, and without a look at what they wait for; the ids of those that are new."""
        made = await self._sql.all(
            "insert_deliveries", deliveries=many(owed_as_json(new)), bundle_id=bundle_id
        )
        return [row["id"] for row in made]

    async def _hold_what_they_wait_for(self, new: Sequence[NewDelivery]) -> dict[str, str]:
        """Nothing may be sent between the look at its status and the commit of what waits for it.

        Returns:
            The status of what was there before, by its key.
        """
        incidents = {one.incident_id for one in new if one.incident_id is not None} - set(self._locked)
        if incidents:
            await self._sql.all("lock_incidents", incident_ids=sorted(incidents))
        waited_for = {one.after for one in new if one.after is not None} - {one.key for one in new}
        if not waited_for:
            return {}
        held = {
            row["key"]: row["status"]
            for row in await self._sql.all("hold_deliveries", keys=sorted(waited_for))
        }
        if unknown := waited_for - set(held):
            raise RuntimeError(f"nobody owes {sorted(unknown)}, which others would wait for")
        return held

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        row = await self._sql.first("claim_delivery", delivery_id=delivery_id)
        if row is None:
            return None
        self._now = row["now"]
        if row["kind"] != DeliveryKind.BUNDLE:  # which others may join
            self._claimed.add(delivery_id)
        return delivery_from_row(row)

    async def delivery_by_key(self, key: str) -> Delivery | None:
        row = await self._sql.first("delivery_by_key", key=key)
        return None if row is None else delivery_from_row(row)

    async def pages(self, incident_id: int) -> list[Delivery]:
        return deliveries_from_rows(await self._sql.all("pages", incident_id=incident_id))

    async def posts(self, incident_id: int) -> list[Delivery]:
        return deliveries_from_rows(await self._sql.all("posts", incident_id=incident_id))

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
        return await self._sql.first("overtaken", delivery_id=delivery_id) is not None

    async def is_behind(self, delivery_id: int) -> bool:
        return await self._sql.first("behind", delivery_id=delivery_id) is not None

    async def is_in_line(self, delivery_id: int, *, patience: timedelta) -> bool:
        return await self._sql.first("in_line", delivery_id=delivery_id, patience=patience) is not None

    async def cancel_delivery(self, delivery_id: int) -> None:
        await self._lock_incident_of(delivery_id)
        await self._clear_up(await self._sql.all("cancel_delivery", delivery_id=delivery_id))
        await self._sql.all("cancel_bundled", bundle_id=delivery_id)
        released = await self._sql.all("release_bundled", bundle_id=delivery_id)
        self._queue.add(*map(deliver_job, released))

    async def acknowledge(
        self, incident: Incident, entry: TimelineEntry, *, via: AckVia, data: Mapping[str, object]
    ) -> list[int]:
        rows = await self._sql.all(
            "acknowledge",
            incident_id=incident.id,
            version=incident.version,
            acknowledged_at=incident.acknowledged_at,
            acknowledged_by_id=incident.acknowledged_by_id,
            acknowledged_by_name=incident.acknowledged_by_name,
            next_update_at=incident.next_update_at,
            remind_at=incident.remind_at,
            reminders=incident.reminders,
            kinds=sorted(PAGING),
            entry=entry_as_json(entry),
            audit_data=dict(data),
            via=via,
            taken=timed_as_json(incident.taken),
        )
        if not any(row["is_saved"] for row in rows):
            raise RuntimeError(f"{incident.label} is not at version {incident.version - 1}")
        return await self._end_ladder(incident.id, rows)

    async def cancel_ladder(self, incident_id: int) -> list[int]:
        await self._lock_incident(incident_id)
        ended = await self._sql.all("cancel_ladder", incident_id=incident_id, kinds=sorted(PAGING))
        return await self._end_ladder(incident_id, ended)

    async def _end_ladder(self, incident_id: int, ended: Sequence[Row]) -> list[int]:
        """After steps (`index`) and pages (`id`, `key`) were cancelled; which steps."""
        self._ended.add(incident_id)
        await self._clear_up([row for row in ended if row["id"] is not None])
        return sorted(row["index"] for row in ended if row["index"] is not None)

    async def cancel_posts(self, incident_id: int) -> None:
        await self._lock_incident(incident_id)
        await self._clear_up(await self._sql.all("cancel_posts", incident_id=incident_id))

    async def tell_thread_deleted(self, incident_id: int, thread_id: int, *, by: str) -> None:
        await self._lock_incident(incident_id)
        await self._sql.all(
            "tell_thread_deleted", incident_id=incident_id, thread_id=str(thread_id), deleted_by=by
        )

    async def mark_emailed(self, delivery_id: int, *, to: Sequence[str], is_done: bool) -> None:
        await self._lock_incident_of(delivery_id)
        await self._sql.all("mark_emailed", delivery_id=delivery_id, emailed_to=list(to), is_done=is_done)

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        for delivery_id in delivery_ids[:1]:  # they are one incident's
            await self._lock_incident_of(delivery_id)
        await self._sql.all("set_shown", delivery_ids=list(delivery_ids), version=version)

    async def _lock_incident_of(self, delivery_id: int) -> None:
        """Always first: see store.py."""
        if delivery_id not in self._claimed:
            await self._sql.all("lock_incident_of_delivery", delivery_id=delivery_id)

    async def _clear_up(self, ended: Sequence[Row]) -> None:
        """Cancel the deliveries that wait for ones that ended unsent, and take back the ended ones' jobs."""
        if ended:
            await self._sql.all("cancel_waiting", ended_keys=[row["key"] for row in ended])
            self._queue.take_back([f"deliver:{row['id']}" for row in ended])


def deliver_job(row: Row) -> Job:
    """The job that sends the delivery of *row* (its `id`, `priority` and `guild_id`)."""
    number, priority = row["id"], row["priority"]
    return Job(JobName.DELIVER, str(number), f"deliver:{number}", priority, guild_id=row["guild_id"])

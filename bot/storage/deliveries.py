"""What the bot owes, within a transaction."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.domain.delivery import PAGING, Delivery, NewDelivery, Posted, Request
from bot.domain.incident import Incident
from bot.domain.life import AckVia
from bot.domain.timeline import TimelineEntry
from bot.services.ports import Job, JobName
from bot.storage.locks import IncidentLocks
from bot.storage.queue import Queue, cancel_jobs
from bot.storage.rows import delivery_from_row, entry_as_json, request_as_json
from bot.storage.sql import Row, many


class DeliveryWrites(IncidentLocks):
    """The part of a transaction that is about deliveries."""

    _queue: Queue
    _ended: set[int]

    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        incidents = {one.incident_id for one in new if one.incident_id is not None}
        await self._sql.all("lock_incidents", sorted(incidents))
        await self._hold_what_they_wait_for(new)
        made = await self._store_owed(new)
        await self._sql.all("cancel_waiting", [one.after for one in new if one.after is not None])
        ready = await self._sql.all("ready_deliveries", made)
        await self._queue.put(*map(deliver_job, ready))

    async def _store_owed(self, new: Sequence[NewDelivery], *, bundle_id: int | None = None) -> list[int]:
        """Without a job, and without a look at what they wait for; the ids of those that are new."""
        made = await self._sql.all("insert_deliveries", many([_as_json(one) for one in new]), bundle_id)
        return [row["id"] for row in made]

    async def _hold_what_they_wait_for(self, new: Sequence[NewDelivery]) -> None:
        """Nothing may be sent between the look at its status and the commit of what waits for it."""
        waited_for = {one.after for one in new if one.after is not None} - {one.key for one in new}
        held = await self._sql.all("hold_deliveries", sorted(waited_for))
        unknown = waited_for - {row["key"] for row in held}
        if unknown:
            raise RuntimeError(f"nobody owes {sorted(unknown)}, which others would wait for")

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        await self._lock_incident_of(delivery_id)
        row = await self._sql.first("claim_delivery", delivery_id)
        return None if row is None else delivery_from_row(row)

    async def delivery_by_key(self, key: str) -> Delivery | None:
        row = await self._sql.first("delivery_by_key", key)
        return None if row is None else delivery_from_row(row)

    async def begin_attempt(
        self, delivery_id: int, request: Request, *, version: int, late: bool = False, quiet: bool = False
    ) -> Delivery | None:
        await self._lock_incident_of(delivery_id)
        kept = request_as_json(request)
        if await self._sql.first("begin_attempt", delivery_id, kept, version, late, quiet) is None:
            return None
        await self._sql.all("begin_bundled", delivery_id)
        return delivery_from_row(await self._sql.one("delivery", delivery_id))

    async def finish_sent(self, delivery_id: int, posted: Posted) -> list[Delivery]:
        await self._lock_incident_of(delivery_id)
        sent = await self._sql.first("finish_sent", delivery_id, posted.channel_id, posted.message_id)
        if sent is None:
            return []
        await self._sql.all("finish_bundled", delivery_id, posted.channel_id, posted.message_id)
        released = [row["id"] for row in await self._sql.all("release_waiting", sent["key"])]
        waiting = await self._sql.all("deliveries", released)
        await self._queue.put(*map(deliver_job, waiting))
        return [delivery_from_row(row) for row in waiting]

    async def finish_failed(self, delivery_id: int, *, error: str, http_status: int | None) -> None:
        await self._lock_incident_of(delivery_id)
        await self._clear_up(await self._sql.all("finish_failed", delivery_id, error, http_status))
        await self._sql.all("fail_bundled", delivery_id, error, http_status)

    async def retry_later(
        self, delivery_id: int, *, error: str, http_status: int | None, after: timedelta
    ) -> None:
        await self._lock_incident_of(delivery_id)
        await self._sql.all("retry_later", delivery_id, error, http_status, after)

    async def hold_delivery(
        self, delivery_id: int, *, error: str | None, http_status: int | None, after: timedelta
    ) -> bool:
        await self._lock_incident_of(delivery_id)
        row = await self._sql.first("hold_delivery", delivery_id, error, http_status, after)
        await self._sql.all("hold_bundled", delivery_id)
        return row is not None and bool(row["is_news"])

    async def is_overtaken(self, delivery_id: int) -> bool:
        return await self._sql.first("overtaken", delivery_id) is not None

    async def is_behind(self, delivery_id: int) -> bool:
        return await self._sql.first("behind", delivery_id) is not None

    async def is_in_line(self, delivery_id: int, *, patience: timedelta) -> bool:
        return await self._sql.first("in_line", delivery_id, patience) is not None

    async def cancel_delivery(self, delivery_id: int) -> None:
        await self._lock_incident_of(delivery_id)
        await self._clear_up(await self._sql.all("cancel_delivery", delivery_id))
        await self._sql.all("cancel_bundled", delivery_id)
        released = await self._sql.all("release_bundled", delivery_id)
        await self._queue.put(*map(deliver_job, released))

    async def acknowledge(
        self, incident: Incident, entry: TimelineEntry, *, via: AckVia, data: Mapping[str, object]
    ) -> list[int]:
        rows = await self._sql.all(
            "acknowledge",
            incident.id,
            incident.version,
            incident.acknowledged_at,
            incident.acknowledged_by_id,
            incident.acknowledged_by_name,
            incident.next_update_at,
            incident.remind_at,
            incident.reminders,
            sorted(PAGING),
            entry_as_json(entry),
            dict(data),
            via,
        )
        if not any(row["is_saved"] for row in rows):
            raise RuntimeError(f"{incident.label} is not at version {incident.version - 1}")
        return await self._end_ladder(incident.id, rows)

    async def cancel_ladder(self, incident_id: int) -> list[int]:
        await self._lock_incident(incident_id)
        ended = await self._sql.all("cancel_ladder", incident_id, sorted(PAGING))
        return await self._end_ladder(incident_id, ended)

    async def _end_ladder(self, incident_id: int, ended: Sequence[Row]) -> list[int]:
        """After steps (`index`) and pages (`id`, `key`) were cancelled; which steps."""
        self._ended.add(incident_id)
        await self._clear_up([row for row in ended if row["id"] is not None])
        return sorted(row["index"] for row in ended if row["index"] is not None)

    async def cancel_posts(self, incident_id: int) -> None:
        await self._lock_incident(incident_id)
        await self._clear_up(await self._sql.all("cancel_posts", incident_id))

    async def failed_deliveries(self, incident_id: int) -> list[int]:
        return [row["id"] for row in await self._sql.all("failed_deliveries", incident_id)]

    async def mark_emailed(self, delivery_id: int, *, to: Sequence[str], is_done: bool) -> None:
        await self._lock_incident_of(delivery_id)
        await self._sql.all("mark_emailed", delivery_id, list(to), is_done)

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        for delivery_id in delivery_ids[:1]:  # they are one incident's
            await self._lock_incident_of(delivery_id)
        await self._sql.all("set_shown", list(delivery_ids), version)

    async def _lock_incident_of(self, delivery_id: int) -> None:
        """Always first: see store.py."""
        await self._sql.all("lock_incident_of_delivery", delivery_id)

    async def _clear_up(self, ended: Sequence[Row]) -> None:
        """After deliveries ended unsent: nothing waits for them any longer, and nobody need look."""
        if ended:
            await self._sql.all("cancel_waiting", [row["key"] for row in ended])
            await cancel_jobs(self._sql, [f"deliver:{row['id']}" for row in ended])


def deliver_job(row: Row) -> Job:
    """The job that sends the delivery of *row* (its `id`, `priority` and `guild_id`)."""
    number, priority = row["id"], row["priority"]
    return Job(JobName.DELIVER, str(number), f"deliver:{number}", priority, guild_id=row["guild_id"])


def _as_json(new: NewDelivery) -> dict[str, object]:
    return {
        "guild_id": new.guild_id,
        "incident_id": new.incident_id,
        "kind": new.kind,
        "target": new.to,
        "key": new.key,
        "after_key": new.after,
        "data": dict(new.data),
        "priority": new.priority,
    }

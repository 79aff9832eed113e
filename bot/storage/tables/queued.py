"""What the parts of a transaction share that queue or end deliveries."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.domain.delivery.delivery import DeliveryStatus, NewDelivery
from bot.domain.text import storable
from bot.services.ports import Job, JobName
from bot.storage.appends import Appends, deliveries_as_json
from bot.storage.database.sql import Row, many
from bot.storage.tables.bases import TransactionPart

#: A delivery that waits for one of these is never sent.
_ENDED: Final = frozenset({DeliveryStatus.FAILED, DeliveryStatus.CANCELLED})


class QueuedDeliveries(TransactionPart):
    """Stores deliveries, and cancels those that wait for ones that end."""

    async def write_appends(self) -> None:
        """Write the waiting rows, and add the jobs of the deliveries that can be sent."""
        if not self._appends:
            return
        appends, self._appends = self._appends, Appends()
        held = await self._hold_what_they_wait_for(appends.deliveries)
        made = await self._sql.all("append", **appends.arguments(), bundle_id=None)
        if len(made) < len(appends.deliveries) or not _ENDED.isdisjoint(held.values()):
            await self._sql.all(
                "cancel_waiting",
                ended_keys=[one.after for one in appends.deliveries if one.after is not None],
            )
            made = await self._sql.all("ready_deliveries", delivery_ids=[row["id"] for row in made])
        else:
            may_go = {None, *(key for key, status in held.items() if status == DeliveryStatus.SENT)}
            made = [row for row in made if row["after_key"] in may_go]
        waits = {storable(one.key): one.wait for one in appends.deliveries}
        self._queue.add(*(deliver_job(row, after=waits[row["key"]]) for row in made))

    async def _store_deliveries(
        self, new: Sequence[NewDelivery], *, bundle_id: int | None = None
    ) -> list[int]:
        """Store deliveries without jobs, whatever they wait for; return the ids of the new ones."""
        made = await self._sql.all(
            "insert_deliveries", deliveries=many(deliveries_as_json(new)), bundle_id=bundle_id
        )
        return [row["id"] for row in made]

    async def _hold_what_they_wait_for(self, new: Sequence[NewDelivery]) -> dict[str, str]:
        """Lock the deliveries that *new* ones wait for, so that their status holds until the commit.

        Returns:
            The status of each that was stored before, by its key.
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
            raise RuntimeError(f"deliveries would wait for {sorted(unknown)}, which do not exist")
        return held

    async def _lock_incident_of(self, delivery_id: int) -> None:
        """Lock the incident of a delivery, always before the delivery itself: see store.py."""
        if delivery_id not in self._claimed:
            await self._sql.all("lock_incident_of_delivery", delivery_id=delivery_id)

    async def _end_ladder(self, incident_id: int, ended: Sequence[Row]) -> list[int]:
        """Clear up after cancelled steps (`index`) and deliveries (`id`, `key`); return the steps."""
        self._ended.add(incident_id)
        await self._clear_up([row for row in ended if row["id"] is not None])
        return sorted(row["index"] for row in ended if row["index"] is not None)

    async def _clear_up(self, ended: Sequence[Row]) -> None:
        """Cancel the deliveries that wait for ones that ended unsent, and take back the ended ones' jobs."""
        if ended:
            await self._sql.all("cancel_waiting", ended_keys=[row["key"] for row in ended])
            self._queue.take_back([f"deliver:{row['id']}" for row in ended])


def deliver_job(row: Row, *, after: timedelta = timedelta()) -> Job:
    """Return the job that sends the delivery of *row* (its `id`, `priority` and `guild_id`)."""
    number, priority = row["id"], row["priority"]
    return Job(
        JobName.DELIVER, str(number), f"deliver:{number}", priority, after=after, guild_id=row["guild_id"]
    )

"""Bundles: one message for the deliveries of several incidents."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import uuid4

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.bundle import LISTED, Bundle, Bundled, Group
from bot.domain.escalation.deliveries import BundleData
from bot.services.ports import Job, JobName
from bot.storage.queue.enqueue import cancel_jobs
from bot.storage.rows import delivery_kind, incident_from_row
from bot.storage.tables.bases import ReadPart
from bot.storage.tables.queued import QueuedDeliveries

#: How long a bundle waits for what is decided at the same moment.
GATHER: Final = timedelta(seconds=0.3)


class PostgresBundleReads(ReadPart):
    """A `bot.services.ports.store.bundles.BundleReads`."""

    async def bundle(self, delivery_id: int) -> Bundle:
        row = await self._sql.one("delivery", delivery_id=delivery_id)
        data = BundleData.from_json(row["data"])
        counts = await self._sql.one("bundle_counts", bundle_id=delivery_id, guild_id=self._guild_id)
        shown = await self._sql.all(
            "bundle_waiting", bundle_id=delivery_id, limit=LISTED, guild_id=self._guild_id
        )
        return Bundle(
            id=delivery_id,
            kind=delivery_kind(data.of),
            severity=data.severity,
            mention=data.mention,
            count=counts["count"],
            waiting=counts["waiting"],
            shown=tuple(map(incident_from_row, shown)),
            now=counts["now"],
        )


class PostgresBundleWrites(QueuedDeliveries):
    """A `bot.services.ports.store.bundles.BundleWrites`."""

    async def insert_bundled(self, new: Sequence[NewDelivery], group: Group) -> None:
        await self._store_deliveries(new, bundle_id=await self._lock_bundle(group))

    async def bundle(self, group: Group, *, apart: Collection[str] = ()) -> int:
        bundle_id = await self._lock_bundle(group)
        locked = await self._sql.all("lock_waiting", **_alike(group), severity=group.severity)
        joined = await self._sql.all(
            "join_bundle",
            **_alike(group),
            incident_ids=[row["id"] for row in locked],
            bundle_id=bundle_id,
            except_keys=list(apart),
        )
        await cancel_jobs(self._sql, [f"deliver:{row['id']}" for row in joined])
        return bundle_id

    async def close_bundle(self, delivery_id: int) -> int:
        await self._lock_incident_of(delivery_id)
        waiting: int = (await self._sql.one("close_bundle", bundle_id=delivery_id))["waiting"]
        return waiting

    async def bundled(self, delivery_id: int) -> list[Bundled]:
        rows = await self._sql.all("bundled", bundle_id=delivery_id)
        return [
            Bundled(row["id"], row["incident_id"], delivery_kind(row["kind"]), row["target"]) for row in rows
        ]

    async def mark_bundle_emailed(self, bundle_id: int, *, to: Sequence[str], is_done: bool) -> None:
        await self._lock_incident_of(bundle_id)
        await self._sql.all("mark_bundle_emailed", bundle_id=bundle_id, emailed_to=list(to), is_done=is_done)

    async def _lock_bundle(self, group: Group) -> int:
        """Return the id of the group's waiting bundle, or of a new one; locks the group until the commit."""
        await self.write_appends()  # may lock incidents, which come before the group
        await self._sql.all(
            "lock_group", group_key=f"{group.guild_id}:{group.kind}:{group.to}:{group.severity}"
        )
        known = await self._sql.first(
            "open_bundle", target=group.to, guild_id=group.guild_id, data=_told(group)
        )
        if known is not None:
            number: int = known["id"]
            return number
        bundle = NewDelivery(
            kind=DeliveryKind.BUNDLE,
            to=group.to,
            key=f"bundle:{uuid4().hex}",
            guild_id=group.guild_id,
            data=_told(group),
            priority=group.priority,
        )
        [made] = await self._store_deliveries([bundle])
        await self._queue.put(
            Job(
                JobName.DELIVER,
                str(made),
                f"deliver:{made}",
                priority=group.priority,
                after=GATHER,
                guild_id=group.guild_id,
            )
        )
        return made


def _alike(group: Group) -> dict[str, object]:
    """Return the parameters that find the deliveries of *group*."""
    return {
        "kind": group.kind,
        "target": group.to,
        "guild_id": group.guild_id,
        "mention": group.mention,
    }


def _told(group: Group) -> dict[str, object]:
    """Return the data of a bundle, by which the next delivery of *group* finds it."""
    return BundleData(of=group.kind.value, severity=group.severity, mention=group.mention).to_json()

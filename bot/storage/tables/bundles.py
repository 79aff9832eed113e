"""Bundles: one message for the deliveries of several incidents."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import uuid4

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.pages import LISTED, Bundle, Bundled, Group
from bot.domain.escalation.payloads import BundleData
from bot.domain.jobs import Job, JobName
from bot.storage.database.sql import Sql
from bot.storage.queue.enqueue import cancel_jobs
from bot.storage.rows import delivery_kind, incident_from_row
from bot.storage.tables.deliveries import store_deliveries
from bot.storage.transaction import TransactionSql

#: How long a bundle waits for what is decided at the same moment.
GATHER: Final = timedelta(seconds=0.3)


class BundleRows:
    """Bundles: one message for the deliveries of several incidents."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def bundle(self, delivery_id: int) -> Bundle:
        """Return the current content of a bundle."""
        row = await self._sql.one("delivery", delivery_id=delivery_id)
        data = BundleData.from_json(row["data"])
        counts = await self._sql.one("bundle_counts", bundle_id=delivery_id, guild_id=self._sql.guild_id)
        shown = await self._sql.all(
            "bundle_waiting", bundle_id=delivery_id, limit=LISTED, guild_id=self._sql.guild_id
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

    async def bundled(self, delivery_id: int) -> list[Bundled]:
        """Return the deliveries in a bundle, without those that were cancelled before."""
        rows = await self._sql.all("bundled", bundle_id=delivery_id)
        return [
            Bundled(row["id"], row["incident_id"], delivery_kind(row["kind"]), row["target"]) for row in rows
        ]


class BundleWrites:
    """Bundles deliveries, in a transaction."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def insert_bundled(self, new: Sequence[NewDelivery], group: Group) -> None:
        """Store deliveries of one group, to be sent as one message. Their incidents must be locked."""
        await store_deliveries(self._sql, new, bundle_id=await self._lock_bundle(group))

    async def bundle(self, group: Group, *, apart: Collection[str] = ()) -> int:
        """Bundle all deliveries of *group* whose sending has not begun; return the bundle's delivery.

        A bundle that waits already takes them in. Deliveries that another transaction has locked are left
        out, and so are those with the keys *apart*.
        """
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
        """Close the bundle to further deliveries; return how many of its deliveries it must still report.

        From the beginning of its attempt on (`begin_attempt`) they share the bundle's fate.
        """
        await self._sql.lock_incident_of(delivery_id)
        waiting: int = (await self._sql.one("close_bundle", bundle_id=delivery_id))["waiting"]
        return waiting

    async def mark_bundle_emailed(self, bundle_id: int, *, to: Sequence[str], is_done: bool) -> None:
        """Record that one email in place of a bundle was accepted for *to*; see `mark_emailed`."""
        await self._sql.lock_incident_of(bundle_id)
        await self._sql.all("mark_bundle_emailed", bundle_id=bundle_id, emailed_to=list(to), is_done=is_done)

    async def _lock_bundle(self, group: Group) -> int:
        """Return the id of the group's waiting bundle, or of a new one; locks the group until the commit."""
        await self._sql.write_appends()  # may lock incidents, which come before the group
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
        [made] = await store_deliveries(self._sql, [bundle])
        await self._sql.queue.put(
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

"""Many incidents at once: statements over sets, and locks that are never waited for."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import uuid4

from bot.domain.delivery.delivery import ACK_PLACES, DeliveryKind, DeliveryStatus, NewDelivery
from bot.domain.escalation.bundle import LISTED, Bundle, Bundled, Group
from bot.domain.escalation.ladder import Due, Step, split
from bot.domain.incident.incident import Incident
from bot.domain.oncall.roster import marked
from bot.domain.timeline.entries import TimelineEntry
from bot.services.ports import Job, JobName
from bot.services.ports.store.deliveries import Prospect
from bot.services.ports.store.incidents import OpenCount
from bot.storage.database.sql import Row, Sql
from bot.storage.deliveries import DeliveryWrites
from bot.storage.queue.enqueue import cancel_jobs
from bot.storage.rows import delivery_from_row, delivery_kind, incident_from_row, step_from_row

#: How long a bundle waits for what is decided at the same moment.
GATHER: Final = timedelta(seconds=0.3)


class StormWrites(DeliveryWrites):
    """The part of a transaction that concerns many incidents at once."""

    async def claim_due(self, before: datetime, *, limit: int) -> list[Due]:
        locked = await self._sql.all("lock_due", due_by=before, limit=limit, guild_id=self._guild_id)
        if not locked:
            return []
        self._now = locked[0]["now"]
        self._locked |= {row["id"]: row["version"] for row in locked}
        incidents = {row["id"]: incident_from_row(row) for row in locked}
        numbers = list(incidents)
        rows = await self._sql.all("pending_steps", incident_ids=numbers)
        steps, last = (
            [step_from_row(row) for row in rows],
            {row["incident_id"]: row["last_index"] for row in rows},
        )
        told, unreached = _reached(await self._sql.all("reached", incident_ids=numbers))
        found = []
        for number, ladder in groupby(steps, key=lambda step: step.incident_id):
            due, further = split(ladder, before)
            if due:  # none are left if another transaction decided them just before the lock
                facts = further, told.get(number, {}), unreached.get(number, ()), last[number]
                found.append(Due(incidents[number], due[-1], *facts, earlier=due[:-1]))
        return found

    async def finish_steps(self, steps: Sequence[Step]) -> None:
        numbers, indexes = [step.incident_id for step in steps], [step.index for step in steps]
        await self._sql.all("finish_steps", incident_ids=numbers, indexes=indexes)

    async def add_timelines(self, entries: Sequence[tuple[int, TimelineEntry]]) -> None:
        for number, entry in entries:
            self._appends.tell(number, entry)

    async def insert_bundled(self, new: Sequence[NewDelivery], group: Group) -> None:
        await self._store_owed(new, bundle_id=await self._lock_bundle(group))

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
        [made] = await self._store_owed([bundle])
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


class StormReads:
    """Reads that concern many incidents at once."""

    _sql: Sql
    _guild_id: int | None

    async def due_incidents(
        self, before: datetime, *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        rows = await self._sql.all(
            "due_incidents", due_by=before, limit=limit, guild_id=self._guild_id, since=since
        )
        return [incident_from_row(row) for row in rows]

    async def put_off_steps(self, by: timedelta) -> None:
        await self._sql.all("put_off_steps", delay=by, guild_id=self._guild_id)

    async def put_off_until_due(self) -> None:
        await self._sql.all("put_off_steps", delay=None, guild_id=self._guild_id)

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

    async def step_due_in(self, incident_id: int, index: int) -> timedelta | None:
        row = await self._sql.first("step_due_in", incident_id=incident_id, index=index)
        return None if row is None else row["due_in"]

    async def bundle(self, delivery_id: int) -> Bundle:
        data = (await self._sql.one("delivery", delivery_id=delivery_id))["data"]
        counts = await self._sql.one("bundle_counts", bundle_id=delivery_id, guild_id=self._guild_id)
        shown = await self._sql.all(
            "bundle_waiting", bundle_id=delivery_id, limit=LISTED, guild_id=self._guild_id
        )
        return Bundle(
            id=delivery_id,
            kind=delivery_kind(data["of"]),
            severity=data["severity"],
            mention=data["mention"],
            count=counts["count"],
            waiting=counts["waiting"],
            shown=tuple(map(incident_from_row, shown)),
            now=counts["now"],
        )

    async def incidents_by_messages(self, message_ids: Sequence[int]) -> Mapping[int, list[Incident]]:
        found: dict[int, list[Incident]] = {}
        for row in await self._sql.all(
            "incidents_by_messages",
            message_ids=list(message_ids),
            kinds=sorted(ACK_PLACES),
            guild_id=self._guild_id,
        ):
            found.setdefault(row["message_id"], []).append(incident_from_row(row))
        return found

    async def unacknowledged(self, *, after: int, limit: int) -> list[Incident]:
        rows = await self._sql.all(
            "unacknowledged_incidents", after_id=after, limit=limit, guild_id=self._guild_id
        )
        return [incident_from_row(row) for row in rows]

    async def open_page(self, guild_id: int, *, after: int, limit: int) -> list[Incident]:
        rows = await self._sql.all("open_page", guild_id=guild_id, after_id=after, limit=limit)
        return [incident_from_row(row) for row in rows]

    async def count_open(self, guild_id: int) -> list[OpenCount]:
        rows = await self._sql.all("count_open", guild_id=guild_id)
        return [
            OpenCount(guild_id, row["severity"], row["open"], row["waiting"], row["ack_due_at"])
            for row in rows
        ]


def _alike(group: Group) -> dict[str, object]:
    """Return the parameters that find the deliveries of *group*."""
    return {
        "kind": group.kind,
        "target": group.to,
        "guild_id": group.guild_id,
        "mention": group.mention,
    }


def _told(group: Group) -> dict[str, object]:
    """The facts of a bundle of *group*, by which the next one finds it."""
    return {"of": group.kind.value, "severity": group.severity, "mention": group.mention}


def _reached(rows: Sequence[Row]) -> tuple[dict[int, dict[str, int]], dict[int, tuple[str, ...]]]:
    """By incident: how many DMs have reached each person, and whom none has."""
    told: dict[int, Counter[str]] = {}
    failed: dict[int, set[str]] = {}
    for row in rows:
        who = row["target"].removeprefix("person:") if row["recipient"] is None else marked(row["recipient"])
        if row["status"] == DeliveryStatus.SENT:
            told.setdefault(row["incident_id"], Counter())[who] += row["count"]
        else:
            failed.setdefault(row["incident_id"], set()).add(who)
    return {number: dict(counts) for number, counts in told.items()}, {
        number: tuple(sorted(people - set(told.get(number, ())))) for number, people in failed.items()
    }

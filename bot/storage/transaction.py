"""A transaction on our own tables, and what it remembers until its commit.

Order of locks: a transaction locks an incident before its deliveries and steps, so that two
transactions never wait for each other. Rows that it adds without reading them are written together,
in one round trip: they wait until a statement uses one of their tables, or until the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import DeliveryStatus, NewDelivery
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.jobs import Job, JobName
from bot.domain.people import Person
from bot.domain.text import storable
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.database.sql import Connection, Row, Sql, many, queries
from bot.storage.queue.enqueue import Queue
from bot.storage.rows import entry_as_json

#: The tables that the query `append` writes to.
TABLES: Final = frozenset({"escalation_steps", "timeline", "audit", "deliveries"})

#: A delivery that waits for one of these is never sent.
_ENDED: Final = frozenset({DeliveryStatus.FAILED, DeliveryStatus.CANCELLED})


@dataclass(slots=True)
class Appends:
    """The rows that wait to be written.

    Attributes:
        steps, entries, audited: Rows as the query `append` takes them.
        deliveries: New ones.
    """

    steps: list[Mapping[str, object]] = field(default_factory=list)
    entries: list[Mapping[str, object]] = field(default_factory=list)
    audited: list[Mapping[str, object]] = field(default_factory=list)
    deliveries: list[NewDelivery] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.steps or self.entries or self.audited or self.deliveries)

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Add steps of a ladder. Steps that are done already are stored as done."""
        self.steps += map(_step_as_json, steps)

    def tell(self, incident_id: int, *entries: TimelineEntry) -> None:
        """Add entries to the timeline of an incident."""
        self.entries += ({"incident_id": incident_id, **entry_as_json(entry)} for entry in entries)

    def audit(self, guild_id: int, by: Person, action: str, data: AuditData) -> None:
        """Add a change by a person to the audit log."""
        who = {"actor_id": by.id, "actor_name": by.name}
        self.audited.append({"guild_id": guild_id, **who, "action": action, "data": data.to_json()})

    def arguments(self) -> dict[str, object]:
        """Return the arguments of the query `append`."""
        return {
            "steps": many(self.steps),
            "entries": many(self.entries),
            "audited": many(self.audited),
            "deliveries": many(deliveries_as_json(self.deliveries)),
        }


def deliveries_as_json(new: Sequence[NewDelivery]) -> list[Mapping[str, object]]:
    """Return new deliveries as the queries `append` and `insert_deliveries` take them."""
    return [
        {
            "guild_id": one.guild_id,
            "incident_id": one.incident_id,
            "kind": one.kind,
            "target": one.to,
            "key": one.key,
            "after_key": one.after,
            "data": dict(one.data),
            "priority": one.priority,
            "wait_s": one.wait.total_seconds(),
        }
        for one in new
    ]


def _step_as_json(step: Step) -> Mapping[str, object]:
    return {
        "incident_id": step.incident_id,
        "index": step.index,
        "due_at": step.due_at.isoformat(),
        "mention": step.rung.mention,
        "dm": step.rung.dm,
        "also": step.rung.also,
        "starts_at": None if step.starts_at is None else step.starts_at.isoformat(),
        "repeat_s": None if step.rung.repeat is None else step.rung.repeat.total_seconds(),
        "repeats_left": step.rung.repeat_up_to,
        "priority": step.priority,
        "counts_from": None if step.counts_from is None else step.counts_from.isoformat(),
        "is_done": step.status is StepStatus.DONE,
    }


@dataclass(frozen=True, slots=True)
class Begun:
    """The state of a transaction after its start.

    Attributes:
        now: The transaction's time, if it was requested.
        locked: The version of each incident that it has locked.
    """

    now: datetime | None = None
    locked: Mapping[int, int] = field(default_factory=dict)


class TransactionSql(Sql):
    """Runs the queries of one transaction, and has what all that use it in the transaction must know.

    Rows that are only added wait in `appends`: they are written together, before a query that may read or
    change them, and before the commit.

    Attributes:
        time: The transaction's time, if it is known.
        appends: The rows that wait to be written.
        queue: The jobs that wait to be queued.
        locked: The version that each locked incident had when it was locked.
        claimed: The claimed deliveries; their incidents are locked.
        begun: The incidents whose ladder begins or goes on.
        ended: The incidents whose ladder ends; one that is in `begun` as well has begun anew.

    Args:
        guild_id: The guild whose rows it sees; None: all guilds.
        is_shared: See `Queue`.
        begun: Its state after the start.
    """

    def __init__(
        self, connection: Connection, *, guild_id: int | None, is_shared: bool, begun: Begun
    ) -> None:
        super().__init__(connection, guild_id=guild_id)
        self.time = begun.now
        self.appends = Appends()
        self.queue = Queue(self, guild_id=guild_id, is_shared=is_shared)
        self.locked = dict(begun.locked)
        self.claimed: set[int] = set()
        self.begun: set[int] = set()
        self.ended: set[int] = set()

    async def all(self, name: str, source: object = None, /, **parameters: object) -> list[Row]:
        if _concerns_waiting_rows(name):
            await self.write_appends()
        return await super().all(name, source, **parameters)

    async def locked_incident(self, incident_id: int) -> Row | None:
        """Lock an incident and return its row; None if there is none."""
        row = await self.first("lock_incident", incident_id=incident_id, guild_id=self.guild_id)
        if row is not None:
            self.locked.setdefault(incident_id, row["version"])
        return row

    async def lock_incident(self, incident_id: int) -> None:
        """Lock an incident unless this transaction has: a second time would be a useless round trip."""
        if incident_id not in self.locked:
            await self.locked_incident(incident_id)

    async def lock_incident_of(self, delivery_id: int) -> None:
        """Lock the incident of a delivery, always before the delivery itself: see the module."""
        if delivery_id not in self.claimed:
            await self.all("lock_incident_of_delivery", delivery_id=delivery_id)

    async def write_appends(self) -> None:
        """Write the waiting rows, and add the jobs of the deliveries that can be sent."""
        if not self.appends:
            return
        appends, self.appends = self.appends, Appends()
        held = await self._hold_what_they_wait_for(appends.deliveries)
        made = await self.all("append", **appends.arguments(), bundle_id=None)
        if len(made) < len(appends.deliveries) or not _ENDED.isdisjoint(held.values()):
            await self.all(
                "cancel_waiting",
                ended_keys=[one.after for one in appends.deliveries if one.after is not None],
            )
            made = await self.all("ready_deliveries", delivery_ids=[row["id"] for row in made])
        else:
            may_go = {None, *(key for key, status in held.items() if status == DeliveryStatus.SENT)}
            made = [row for row in made if row["after_key"] in may_go]
        waits = {storable(one.key): one.wait for one in appends.deliveries}
        self.queue.add(*(deliver_job(row, after=waits[row["key"]]) for row in made))

    async def _hold_what_they_wait_for(self, new: Sequence[NewDelivery]) -> dict[str, str]:
        """Lock the deliveries that *new* ones wait for, so that their status holds until the commit.

        Returns:
            The status of each that was stored before, by its key.
        """
        incidents = {one.incident_id for one in new if one.incident_id is not None} - set(self.locked)
        if incidents:
            await self.all("lock_incidents", incident_ids=sorted(incidents))
        waited_for = {one.after for one in new if one.after is not None} - {one.key for one in new}
        if not waited_for:
            return {}
        held = {
            row["key"]: row["status"] for row in await self.all("hold_deliveries", keys=sorted(waited_for))
        }
        if unknown := waited_for - set(held):
            raise RuntimeError(f"deliveries would wait for {sorted(unknown)}, which do not exist")
        return held


class Transaction:
    """One database transaction: state, timeline and jobs are committed together or not at all.

    Attributes:
        sql: Runs its queries: the classes of `bot.storage.tables` and those of the capabilities take it.
    """

    def __init__(self, sql: TransactionSql) -> None:
        self.sql = sql

    async def now(self) -> datetime:
        """Return the transaction's time."""
        if self.sql.time is None:
            self.sql.time = await database_now(self.sql)
        return self.sql.time

    async def enqueue(self, *jobs: Job) -> None:
        """Add jobs. A key that is queued stays one job; one that is running runs once more afterwards."""
        self.sql.queue.add(*jobs)

    async def cancel_jobs(self, keys: Sequence[str]) -> None:
        """Cancel queued jobs; running ones go on."""
        self.sql.queue.take_back(keys)

    @property
    def is_unfinished(self) -> bool:
        """Return True if anything is left to write before the commit."""
        return bool(self.sql.appends or self.sql.queue)

    async def finish(self) -> None:
        """Write the waiting rows and jobs, before the commit."""
        await self.sql.write_appends()
        await self.sql.queue.tell()


async def database_now(sql: Sql) -> datetime:
    """Return the time of the database."""
    now: datetime = (await sql.one("now"))["now"]
    return now


def deliver_job(row: Row, *, after: timedelta = timedelta()) -> Job:
    """Return the job that sends the delivery of *row* (its `id`, `priority` and `guild_id`)."""
    number, priority = row["id"], row["priority"]
    return Job(
        JobName.DELIVER, str(number), f"deliver:{number}", priority, after=after, guild_id=row["guild_id"]
    )


@cache
def _concerns_waiting_rows(query: str) -> bool:
    return not TABLES.isdisjoint(queries()[query].identifiers())

"""Our own tables behind the port `Store`.

Order of locks: a transaction locks an incident before its deliveries and steps, so that two transactions
never wait for each other.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from bot.domain.delivery.allowance import URGENT
from bot.domain.delivery.delivery import ACK_PLACES, Delivery, DeliveryKind
from bot.domain.digest import IsoWeek
from bot.domain.dlq import Origin, ReplayRecord
from bot.domain.errors import IncidentNotFound
from bot.domain.escalation.ladder import Step
from bot.domain.incident.incident import Holder, Incident
from bot.domain.incident.listing import Wanted
from bot.domain.installation import Installation
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.session import Triage
from bot.services.ports import Job
from bot.services.ports.store.triages import KnownMessage
from bot.storage.alerts import AlertReads, AlertWrites
from bot.storage.appends import Appends, OrderedSql
from bot.storage.database.beginning import Begun, begin, opened
from bot.storage.database.errors import STORAGE_ERRORS, storage_errors
from bot.storage.database.pools import PoolConnection, borrow
from bot.storage.database.pulse import Pulse
from bot.storage.database.sql import Connection, Row, Sql
from bot.storage.database.warming import warm
from bot.storage.drills import DrillWrites
from bot.storage.emergency import EmergencyReads, EmergencyWrites
from bot.storage.guilds import GuildReads
from bot.storage.incidents import IncidentWrites
from bot.storage.members import MemberReads, MemberWrites
from bot.storage.mornings import MorningReads, MorningWrites
from bot.storage.oncall import OnCallReads, OnCallWrites
from bot.storage.overdue import overdue_jobs
from bot.storage.queue.enqueue import Queue
from bot.storage.rows import (
    deliveries_from_rows,
    delivery_from_row,
    entries_from_rows,
    incident_from_row,
    replay_from_row,
    step_from_row,
)
from bot.storage.storms import StormReads, StormWrites
from bot.storage.triages import TriageWrites, read_known_message, with_answers


class PostgresTransaction(
    IncidentWrites,
    StormWrites,
    TriageWrites,
    AlertWrites,
    DrillWrites,
    MorningWrites,
    OnCallWrites,
    EmergencyWrites,
    MemberWrites,
):
    """A `bot.services.ports.Transaction`.

    Args:
        guild_id: Whose rows it sees; None: everybody's.
        is_shared: See `Queue`.
        begun: What its beginning has told.
    """

    def __init__(
        self, connection: Connection, *, guild_id: int | None, is_shared: bool, begun: Begun
    ) -> None:
        self._sql = sql = OrderedSql(connection, self.write_appends)
        self._appends = Appends()
        self._guild_id = guild_id
        self._now = begun.now
        self._locked = dict(begun.locked)
        self._queue = Queue(sql, guild_id=guild_id, is_shared=is_shared)
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._claimed: set[int] = set()

    async def now(self) -> datetime:
        if self._now is None:
            self._now = await _now(self._sql)
        return self._now

    async def enqueue(self, *jobs: Job) -> None:
        self._queue.add(*jobs)

    async def cancel_jobs(self, keys: Sequence[str]) -> None:
        self._queue.take_back(keys)

    @property
    def is_unfinished(self) -> bool:
        """Return whether anything is left to write before the commit."""
        return bool(self._appends or self._queue)

    async def finish(self) -> None:
        """Write the waiting rows and jobs, before the commit."""
        await self.write_appends()
        await self._queue.tell()

    async def audit(
        self, *, guild_id: int, by: Person, action: str, data: Mapping[str, object] | None = None
    ) -> None:
        self._appends.audit(guild_id, by, action, data or {})

    async def claim_digest(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        return (
            await self._sql.first("claim_digest", guild_id=guild_id, week=str(week), due_at=due_at)
            is not None
        )

    async def claim_replay(
        self, entry_id: UUID, *, guild_id: int, channel: str, by: Person, key: str
    ) -> bool:
        row = await self._sql.first(
            "claim_replay",
            entry_id=entry_id,
            guild_id=guild_id,
            channel=channel,
            by_id=by.id,
            by_name=by.name,
            delivery_key=key,
        )
        return row is not None


class PostgresStore(
    AlertReads, MorningReads, OnCallReads, GuildReads, EmergencyReads, StormReads, MemberReads
):
    """A `bot.services.ports.Store`, and the `GuildFinder` beside it.

    Args:
        pool: As `open_pool` gives it.
        guild_id: Whose incidents and triages it finds by number or message; None: everybody's.
        is_shared: More than one guild is served.
        pulse: What the views of all guilds share; None: nobody else has one.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        guild_id: int | None = None,
        is_shared: bool = True,
        pulse: Pulse | None = None,
    ) -> None:
        self._pool = pool
        self._pulse = pulse or Pulse(pool)
        self._sql = Sql(PoolConnection(pool))
        self._guild_id = guild_id
        self._is_shared = is_shared

    def of(self, guild_id: int) -> "PostgresStore":
        """The same tables as one guild sees them: what is another's is not there."""
        return PostgresStore(self._pool, guild_id=guild_id, is_shared=self._is_shared, pulse=self._pulse)

    @asynccontextmanager
    async def transaction(self, *, locking: int | None = None) -> AsyncIterator[PostgresTransaction]:
        async with borrow(self._pool) as connection:
            try:
                await begin(connection)  # cancelled, it may have begun all the same
                begun = await opened(Sql(connection), guild_id=self._guild_id, locking=locking)
                tx = PostgresTransaction(
                    connection, guild_id=self._guild_id, is_shared=self._is_shared, begun=begun
                )
                yield tx
                await tx.finish()
                change = await self._change(tx)
            except BaseException:
                with suppress(*STORAGE_ERRORS):  # a connection that is gone has rolled back already
                    await connection.execute("ROLLBACK")
                raise
            with storage_errors():
                await connection.execute("COMMIT")
            self._tell(change)

    @asynccontextmanager
    async def at_once(self) -> AsyncIterator[PostgresTransaction]:
        async with borrow(self._pool) as connection:
            tx = PostgresTransaction(
                connection, guild_id=self._guild_id, is_shared=self._is_shared, begun=Begun()
            )
            yield tx
            if tx.is_unfinished:
                raise RuntimeError("what is to be written by the commit needs one")

    async def warm(self) -> None:
        """See `bot.storage.database.warming.warm`."""
        await warm(self._pool)

    async def now(self) -> datetime:
        return await _now(self._sql)

    async def audit(
        self,
        *,
        guild_id: int,
        by: Person,
        action: str,
        allowed: bool,
        data: Mapping[str, object] | None = None,
    ) -> None:
        await self._sql.all(
            "audit",
            guild_id=guild_id,
            actor_id=by.id,
            actor_name=by.name,
            action=action,
            allowed=allowed,
            data=dict(data or {}),
        )

    async def register_guild(self, guild_id: int) -> datetime:
        await self._sql.all("register_guild", guild_id=guild_id)
        installed_at: datetime = (await self._sql.one("guild_installed_at", guild_id=guild_id))[
            "installed_at"
        ]
        return installed_at

    async def incident(self, incident_id: int) -> Incident:
        row = await self._sql.first("incident", incident_id=incident_id, guild_id=self._guild_id)
        return _found(row, number=incident_id)

    async def incident_of_delivery(self, delivery_id: int) -> Incident | None:
        row = await self._sql.first("incident_of_delivery", delivery_id=delivery_id)
        return None if row is None else incident_from_row(row)

    async def incident_by_message(self, message_id: int) -> Incident | None:
        row = await self._sql.first(
            "incident_by_message", message_id=message_id, kinds=sorted(ACK_PLACES), guild_id=self._guild_id
        )
        return None if row is None else incident_from_row(row)

    async def incident_by_thread(self, thread_id: int) -> Incident:
        row = await self._sql.first("incident_by_thread", thread_id=thread_id, guild_id=self._guild_id)
        return _found(row, number=None)

    async def open_incidents(self, guild_id: int) -> list[Incident]:
        return [incident_from_row(row) for row in await self._sql.all("open_incidents", guild_id=guild_id)]

    async def list_incidents(
        self, guild_id: int, wanted: Wanted, *, limit: int, offset: int
    ) -> list[Incident]:
        rows = await self._sql.all(
            "list_incidents",
            guild_id=guild_id,
            statuses=sorted(wanted.statuses),
            severity=wanted.severity,
            words=wanted.words,
            since=wanted.since,
            viewer_id=wanted.viewer,
            sees_all=wanted.sees_all,
            with_drills=wanted.drills,
            involved_id=wanted.involves,
            limit=limit,
            offset=offset,
            gravity=list(wanted.gravity),
        )
        return [incident_from_row(row) for row in rows]

    async def who_left(self, incident_id: int) -> frozenset[int]:
        rows = await self._sql.all("who_left", incident_id=incident_id)
        return frozenset(row["user_id"] for row in rows)

    async def responders(self, incident_id: int) -> list[Holder]:
        rows = await self._sql.all("responders", incident_id=incident_id)
        return [Holder(row["user_id"], row["name"]) for row in rows]

    async def pinned_in(self, message_id: int) -> list[int]:
        return [
            row["incident_id"]
            for row in await self._sql.all("pinned_in", message_id=message_id, guild_id=self._guild_id)
        ]

    async def related(self, incident_id: int) -> list[Incident]:
        rows = await self._sql.all("related_incidents", incident_id=incident_id, guild_id=self._guild_id)
        return [incident_from_row(row) for row in rows]

    async def linked(self, incident_id: int) -> list[Incident]:
        rows = await self._sql.all("linked_incidents", incident_id=incident_id, guild_id=self._guild_id)
        return [incident_from_row(row) for row in rows]

    async def incidents_between(self, guild_id: int, start: datetime, end: datetime) -> list[Incident]:
        rows = await self._sql.all("incidents_between", guild_id=guild_id, start=start, end=end)
        return [incident_from_row(row) for row in rows]

    async def pages(self, incident_id: int) -> list[Delivery]:
        return deliveries_from_rows(await self._sql.all("pages", incident_id=incident_id))

    async def posts(self, incident_id: int) -> list[Delivery]:
        return deliveries_from_rows(await self._sql.all("posts", incident_id=incident_id))

    async def delivery_nonces(self, incident_id: int) -> list[str]:
        return [row["nonce"] for row in await self._sql.all("delivery_nonces", incident_id=incident_id)]

    async def naming_nonces(self, incident_id: int) -> list[str]:
        return [row["nonce"] for row in await self._sql.all("naming_nonces", incident_id=incident_id)]

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        return entries_from_rows(await self._sql.all("timeline", incident_id=incident_id))

    async def steps(self, incident_id: int) -> list[Step]:
        return [step_from_row(row) for row in await self._sql.all("steps", incident_id=incident_id)]

    async def triage(self, triage_id: int) -> Triage:
        return await with_answers(
            self._sql, await self._sql.first("triage", triage_id=triage_id, guild_id=self._guild_id)
        )

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        await self._sql.all(
            "note_message", channel_id=channel_id, message_id=message_id, evidence=evidence.as_data()
        )

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        row = await self._sql.first("noted_message", channel_id=channel_id, message_id=message_id)
        return None if row is None else Evidence.from_data(row["evidence"])

    async def known_message(self, channel_id: int, message_id: int) -> KnownMessage:
        return await read_known_message(self._sql, channel_id, message_id, guild_id=self._guild_id)

    async def delivery(self, delivery_id: int) -> Delivery:
        return delivery_from_row(await self._sql.one("delivery", delivery_id=delivery_id))

    async def delivery_by_key(self, key: str) -> Delivery | None:
        row = await self._sql.first("delivery_by_key", key=key)
        return None if row is None else delivery_from_row(row)

    async def held_deliveries(self) -> int:
        held: int = (await self._sql.one("held_deliveries"))["held"]
        return held

    async def installation(self) -> Installation:
        row = await self._sql.one("installation")
        return Installation(id=str(row["id"]), link_key=row["link_key"])

    async def is_link_used(self, link_id: str) -> bool:
        return await self._sql.first("used_link", link_id=link_id) is not None

    async def replay_of(self, entry_id: UUID) -> ReplayRecord | None:
        row = await self._sql.first("replay", entry_id=entry_id)
        return None if row is None else replay_from_row(row)

    async def origins(self, guild_id: int, at: datetime) -> list[Origin]:
        rows = await self._sql.all("origins", guild_id=guild_id, at=at)
        return [
            Origin(row["nonce"], row["incident_id"], row["channel_id"], row["message_id"]) for row in rows
        ]

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        lost = await overdue_jobs(self._sql, overdue)
        if lost:
            async with self.transaction() as tx:
                await tx.enqueue(*lost)
        return [job.key for job in lost]

    async def late_steps(self, *, overdue: timedelta) -> int:
        late: int = (await self._sql.one("late_steps", overdue=overdue))["late"]
        return late

    async def unheard_incidents(self, *, overdue: timedelta) -> int:
        unheard: int = (
            await self._sql.one(
                "unheard_incidents",
                overdue=overdue,
                min_priority=URGENT,
                ringing_kinds=sorted(kind for kind in DeliveryKind if kind.spec.rings),
            )
        )["unheard"]
        return unheard


def _found(row: Row | None, *, number: int | None) -> Incident:
    if row is None:
        raise IncidentNotFound(number=number)
    return incident_from_row(row)


async def _now(sql: Sql) -> datetime:
    now: datetime = (await sql.one("now"))["now"]
    return now

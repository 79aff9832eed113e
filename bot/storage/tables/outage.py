"""Open work: its mirror for the time when the database is away, and what of it is overdue."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from pydantic import TypeAdapter

from bot.capability import delivery_kinds, installed
from bot.domain.delivery.delivery import priority_of
from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.delivery.limits import URGENT
from bot.domain.errors import StorageBroken
from bot.domain.jobs import Job
from bot.domain.outage import OfflineKind, Watch, WatchChange, watch_key
from bot.storage.database.sql import Row, Sql
from bot.storage.transaction import TransactionSql

#: The kinds of deliveries that can be sent without a database, by name.
_TOLD: Final = sorted(OfflineKind)

_WATCH: Final = TypeAdapter(Watch)

log = structlog.get_logger(__name__)

#: Of rows that have no priority; what is late is done first.
_LATE: Final = priority_of(0)


class MirrorRows:
    """What a process must send while the database is away, and what others have sent without it."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def leave(self, mirror: UUID) -> None:
        """Note that the process that owns *mirror* ends: no other process need wait for its news."""
        await self._sql.all("leave", mirror_id=mirror)

    async def is_untold(self) -> bool:
        """Return True if another process may have escalated without the database and not recorded it yet."""
        is_untold: bool = (await self._sql.one("is_untold", guild_id=self._sql.guild_id))["is_untold"]
        return is_untold

    async def watched(self, *, without: Sequence[str], limit: int) -> list[Watch]:
        """Return unacknowledged incidents with their pending steps and unsent deliveries, most urgent first.

        Args:
            without: Names of the severities that are not mirrored.
        """
        rows = await self._sql.all(
            "nearest_watched",
            except_severities=list(without),
            told_kinds=_TOLD,
            guild_id=self._sql.guild_id,
            limit=limit,
        )
        return await _watches(self._sql, [row["id"] for row in rows])

    async def known_alerts(self, *, without: Sequence[str], since: timedelta, limit: int) -> frozenset[str]:
        """Return the fingerprints of alerts that page nobody when they come again: open ones, and muted ones.

        Args:
            without: Names of the severities that are not mirrored.
            since: How long ago an open one was last seen, at most.
        """
        rows = await self._sql.all(
            "known_alerts",
            except_severities=list(without),
            since=since,
            guild_id=self._sql.guild_id,
            limit=limit,
        )
        return frozenset(row["fingerprint"] for row in rows)


async def change_of(sql: TransactionSql) -> WatchChange | None:
    """Return what a transaction changes, once everything is written; None when it changes no ladder."""
    if not sql.begun and not sql.ended:
        return None
    begun = await _watches(sql, sorted(sql.begun))
    ended = {watch_key(each) for each in sql.begun | sql.ended} - {watch.key for watch in begun}
    return WatchChange(tuple(begun), frozenset(ended))


async def _watches(sql: Sql, ids: Collection[int]) -> list[Watch]:
    if not ids:
        return []
    rows = await sql.all("watches", incident_ids=list(ids), ack_kinds=sorted(ACK_KINDS), told_kinds=_TOLD)
    return [_watch(row) for row in rows]


def _watch(row: Row) -> Watch:
    """Return the watch of *row*. A private incident uses its thread or, while it has none, only DMs."""
    to: str | None = "channel"
    if row["is_private"]:
        to = None if row["private_thread_id"] is None else f"thread:{row['private_thread_id']}"
    kept = {key: value for key, value in row.items() if key not in {"private_thread_id", "owed"}}
    owed = [{**each, "to": to if each["to"] == "incident" else each["to"]} for each in row["owed"]]
    told = [each for each in owed if _may_be_told(each["to"], to, is_private=row["is_private"])]
    return _WATCH.validate_python({**kept, "to": to, "owed": told})


def _may_be_told(where: str | None, to: str | None, *, is_private: bool) -> bool:
    """Return True if a delivery may go to *where*; for a private incident, not to a public channel."""
    return where is not None and (not is_private or where == to or where.startswith("person:"))


class OverdueRows:
    """Work that is overdue."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def late_steps(self, *, overdue: timedelta) -> int:
        """Count the pending steps that were due *overdue* ago or earlier, with or without a job."""
        late: int = (await self._sql.one("late_steps", overdue=overdue))["late"]
        return late

    async def unheard_incidents(self, *, overdue: timedelta) -> int:
        """Return the number of the most severe incidents that have reached no person for *overdue* or longer.

        Their escalation waits, or was given up and no other was sent since. No email has gone out either.
        """
        unheard: int = (
            await self._sql.one(
                "unheard_incidents",
                overdue=overdue,
                min_priority=URGENT,
                ringing_kinds=sorted(kind for kind in delivery_kinds().values() if kind.spec.rings),
            )
        )["unheard"]
        return unheard


async def lost_jobs(
    sql: Sql, overdue: timedelta, *, switched_off: Mapping[str, Collection[int]]
) -> list[Job]:
    """Return the jobs that overdue rows have lost; those that people wait for come first.

    Args:
        switched_off: The guilds that have switched a capability off, by its name.
    """
    found = await sql.all("lost_jobs", overdue=overdue, late_priority=_LATE)
    for capability in installed():
        off = switched_off.get(capability.name, ())
        for query in capability.lost_jobs:
            try:
                rows = await sql.all(query, overdue=overdue)
            except StorageBroken:  # its table is gone: the core's jobs are requeued all the same
                log.exception("auditor.query_failed", query=query)
                continue
            found += [row for row in rows if row["guild_id"] not in off]
    return [
        Job(
            row["job"],
            row["key"].partition(":")[2],
            row["key"],
            priority=row["priority"],
            guild_id=row["guild_id"],
        )
        for row in found
    ]

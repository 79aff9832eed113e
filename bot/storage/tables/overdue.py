"""Overdue rows: how many there are, and the jobs that they have lost, for the auditor to requeue."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

import structlog

from bot.capability import delivery_kinds, installed
from bot.domain.delivery.delivery import priority_of
from bot.domain.delivery.limits import URGENT
from bot.domain.errors import StorageBroken
from bot.domain.jobs import Job
from bot.storage.database.sql import Sql

log = structlog.get_logger(__name__)

#: Of rows that have no priority; what is late is done first.
_LATE: Final = priority_of(0)


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

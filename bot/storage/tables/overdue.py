"""Overdue rows that have lost their job, for the auditor to requeue."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.domain.delivery.allowance import URGENT
from bot.domain.delivery.delivery import DeliveryKind, priority_of
from bot.services.morning.mornings import morning_job
from bot.services.oncall.handovers import handover_job
from bot.services.ports import Job, JobName
from bot.services.shared.postings import archive_job, drill_job
from bot.services.shared.reminders import reminder_key
from bot.storage.database.sql import Row, Sql
from bot.storage.tables.parts import ReadPart
from bot.storage.tables.queued import deliver_job

# These rows have no priority; what is late is done first.
_LATE = priority_of(0)


class PostgresOverdueReads(ReadPart):
    """A `bot.services.ports.store.jobs.OverdueReads`; `PostgresStore` has `requeue_stuck`."""

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


async def overdue_jobs(sql: Sql, overdue: timedelta) -> list[Job]:
    """Return the jobs that overdue rows have lost; those that people wait for come first."""
    found: list[Job] = []
    for query, job_of in _JOBS.items():
        rows = await sql.all(query, overdue=overdue)
        found += [replace(job_of(row), guild_id=row["guild_id"]) for row in rows]
    return found


def _step_job(row: Row) -> Job:
    where = f"{row['incident_id']}:{row['index']}"
    return Job(JobName.ESCALATE, where, f"step:{where}", priority=row["priority"])


def _triage_job(row: Row) -> Job:
    return Job(JobName.REEVALUATE, str(row["id"]), f"reevaluate:{row['id']}", priority=_LATE)


def _idle_triage_job(row: Row) -> Job:
    return Job(JobName.UNFINISHED_TRIAGE, str(row["id"]), f"unfinished:{row['id']}", priority=_LATE)


def _reminder_job(row: Row) -> Job:
    number: int = row["id"]
    return Job(JobName.REMIND, str(number), reminder_key(number))


def _drill_job(row: Row) -> Job:
    return drill_job(row["incident_id"])


def _morning_job(row: Row) -> Job:
    return morning_job(row["guild_id"], row["day"])


def _handover_job(row: Row) -> Job:
    return handover_job(row["guild_id"])


def _archive_job(row: Row) -> Job:
    return archive_job(row["id"])


#: What may be overdue, and the job it has lost; the urgent ones first.
_JOBS: Final[Mapping[str, Callable[[Row], Job]]] = {
    "overdue_steps": _step_job,
    "overdue_deliveries": deliver_job,
    "overdue_triages": _triage_job,
    "overdue_idle_triages": _idle_triage_job,
    "overdue_reminders": _reminder_job,
    "overdue_drills": _drill_job,
    "overdue_mornings": _morning_job,
    "overdue_watches": _handover_job,
    "overdue_archives": _archive_job,
}

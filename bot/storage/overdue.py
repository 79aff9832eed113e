"""Rows that should have been looked at and have no job left that would: what the auditor sweeps up."""

from datetime import timedelta

from bot.domain.delivery import priority_of
from bot.services.ports import Job, JobName
from bot.storage.deliveries import deliver_job
from bot.storage.sql import Row, Sql

# The row does not say how grave it is; what is late is done first.
_LATE = priority_of(0)


async def overdue_jobs(sql: Sql, overdue: timedelta) -> list[Job]:
    """The jobs that overdue steps, deliveries and re-evaluations have lost."""
    steps = await sql.all("overdue_steps", overdue)
    deliveries = await sql.all("overdue_deliveries", overdue)
    triages = await sql.all("overdue_triages", overdue)
    return [*map(_step_job, steps), *map(deliver_job, deliveries), *map(_triage_job, triages)]


def _step_job(row: Row) -> Job:
    where = f"{row['incident_id']}:{row['index']}"
    return Job(JobName.ESCALATE, where, f"step:{where}", priority=_LATE)


def _triage_job(row: Row) -> Job:
    return Job(JobName.REEVALUATE, str(row["id"]), f"reevaluate:{row['id']}", priority=_LATE)

"""Rows that should have been looked at and have no job left that would: what the auditor sweeps up."""

from datetime import timedelta

from bot.domain.delivery import priority_of
from bot.services.mornings import morning_job
from bot.services.opening import archive_job, drill_job
from bot.services.ports import Job, JobName
from bot.services.reminders import reminder_key
from bot.storage.deliveries import deliver_job
from bot.storage.sql import Row, Sql

# The row does not say how grave it is; what is late is done first.
_LATE = priority_of(0)


async def overdue_jobs(sql: Sql, overdue: timedelta) -> list[Job]:
    """The jobs that whatever is overdue has lost, what somebody waits for first."""
    steps = await sql.all("overdue_steps", overdue)
    deliveries = await sql.all("overdue_deliveries", overdue)
    triages = await sql.all("overdue_triages", overdue)
    reminders = await sql.all("overdue_reminders", overdue)
    urgent = [*map(_step_job, steps), *map(deliver_job, deliveries), *map(_triage_job, triages)]
    drills = await sql.all("overdue_drills", overdue)
    mornings = await sql.all("overdue_mornings", overdue)
    archives = await sql.all("overdue_archives", overdue)
    patient = [*map(_reminder_job, reminders), *(drill_job(row["incident_id"]) for row in drills)]
    patient += [morning_job(row["guild_id"], row["day"]) for row in mornings]
    return [*urgent, *patient, *(archive_job(row["id"]) for row in archives)]


def _step_job(row: Row) -> Job:
    where = f"{row['incident_id']}:{row['index']}"
    return Job(JobName.ESCALATE, where, f"step:{where}", priority=row["priority"])


def _triage_job(row: Row) -> Job:
    return Job(JobName.REEVALUATE, str(row["id"]), f"reevaluate:{row['id']}", priority=_LATE)


def _reminder_job(row: Row) -> Job:
    number: int = row["id"]
    return Job(JobName.REMIND, str(number), reminder_key(number))

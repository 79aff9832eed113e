"""When the next status update is asked for: the row says when, a job wakes up to look."""

from datetime import datetime, timedelta

from bot.domain.incident import Incident
from bot.services.ports import Job, JobName, Transaction


def reminder_key(incident_id: int) -> str:
    """The queue's key for the reminder that a status update is owed."""
    return f"remind:{incident_id}"


async def remind_later(
    tx: Transaction, incident: Incident, *, now: datetime, before: Incident | None = None
) -> None:
    """The job of the reminder that *incident*, as saved, asks for, or none; an earlier one is taken back.

    Args:
        before: The same before the change, where that is at hand: without a reminder it had no job.
    """
    key, remind_at = reminder_key(incident.id), incident.remind_at
    if before is None or before.remind_at is not None:
        await tx.cancel_jobs([key])
    if remind_at is not None:
        after = max(remind_at - now, timedelta())
        # Sooner: the job of the last one may be on its way back into the queue at this moment.
        await tx.enqueue(Job(JobName.REMIND, str(incident.id), key, after=after, sooner=True))

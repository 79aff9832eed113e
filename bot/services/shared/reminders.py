"""When the next status update is asked for: the row says when, a job wakes up to look."""

from datetime import datetime, timedelta

from bot.domain.incident import update_promise
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import Job, JobName, Transaction
from bot.services.shared.postings import refresh_job


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


async def note_act(
    tx: Transaction, policy: Policy, incident: Incident, *, by: Person, now: datetime
) -> Incident:
    """*by* has done something about it: a sign of life, if they are on it. See `note_sign_of_life`."""
    if not incident.reminders:
        return incident
    named = (holder for holder in (incident.commander, incident.on_it) if holder is not None)
    there = {one.id for one in (*named, *await tx.on_it(incident.id))}
    return await note_sign_of_life(tx, policy, incident, now=now) if by.id in there else incident


async def note_sign_of_life(
    tx: Transaction, policy: Policy, incident: Incident, *, now: datetime
) -> Incident:
    """Somebody is there after a reminder: the promise of an update begins anew, where the ack would lapse.

    Args:
        incident: Locked.

    Returns:
        The incident as it is now.
    """
    severity = policy.rules(incident.severity)
    if not (incident.is_open and incident.reminders and severity.ack_lapses_after is not None):
        return incident
    alive = update_promise.renewed(incident, policy.update_due(severity, at=now))
    await tx.save(alive)
    await remind_later(tx, alive, now=now)
    await tx.enqueue(refresh_job(alive, severity=severity))
    return alive

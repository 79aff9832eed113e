"""Reminders of the next status update: the incident's row keeps the time, and a job looks at it then."""

from datetime import datetime, timedelta

from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.jobs import Job, JobName
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.shared.jobs import refresh_job
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.transaction import Transaction


def reminder_key(incident_id: int) -> str:
    """Return the queue's key for the reminder of a status update."""
    return f"remind:{incident_id}"


async def remind_later(
    tx: Transaction, incident: Incident, *, now: datetime, before: Incident | None = None
) -> None:
    """Queue the reminder job for *incident* as saved, if it has a reminder time, and cancel an earlier job.

    Args:
        before: The incident before the change, if at hand: without a reminder time it had no job to cancel.
    """
    key, remind_at = reminder_key(incident.id), incident.updates.remind_at
    if before is None or before.updates.remind_at is not None:
        await tx.cancel_jobs([key])
    if remind_at is not None:
        after = max(remind_at - now, timedelta())
        # Sooner: the job of the last one may be on its way back into the queue at this moment.
        await tx.enqueue(Job(JobName.REMIND, str(incident.id), key, after=after, sooner=True))


async def note_act(
    tx: Transaction, policy: Policy, incident: Incident, *, by: Person, now: datetime
) -> Incident:
    """Record an act of *by* as a sign of life if they are a responder. See `note_sign_of_life`."""
    if not incident.updates.reminders:
        return incident
    named = (holder for holder in (incident.commander, incident.on_it) if holder is not None)
    there = {one.id for one in (*named, *await AcknowledgementRows(tx.sql).on_it(incident.id))}
    return await note_sign_of_life(tx, policy, incident, now=now) if by.id in there else incident


async def note_sign_of_life(
    tx: Transaction, policy: Policy, incident: Incident, *, now: datetime
) -> Incident:
    """Restart the time to the next update when a responder has acted after a reminder.

    Only for a severity whose acknowledges lapse.

    Args:
        incident: Locked.

    Returns:
        The incident as it is now.
    """
    severity = policy.rules(incident.severity)
    if not (incident.is_open and incident.updates.reminders and severity.ack_lapses_after is not None):
        return incident
    alive = transitions.promise_renewed(incident, policy.update_due(severity, at=now))
    await IncidentWrites(tx.sql).save(alive)
    await remind_later(tx, alive, now=now)
    await tx.enqueue(refresh_job(alive, severity=severity))
    return alive

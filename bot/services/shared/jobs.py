"""The queue's jobs about incidents and what follows from them, reminders among them.

Their keys keep each one single. An incident's row keeps the time of its next status update; a job
looks at it then.
"""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import priority_of
from bot.domain.escalation.ladder import Step
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.jobs import IN_LINE, Job, JobName
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.runbook.model import Policy
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.transaction import Transaction

#: How long before its time the job of a step comes, to have its 👀 read by then.
READ_AHEAD: Final = timedelta(seconds=2)


def step_key(incident_id: int, index: int) -> str:
    """Return the queue's key for the decision of one step."""
    return f"step:{incident_id}:{index}"


def step_job(step: Step, *, after: timedelta, severity: SeverityPolicy) -> Job:
    """Return the job that decides *step* when it is due, and has its 👀 read before."""
    return Job(
        name=JobName.ESCALATE,
        payload=f"{step.incident_id}:{step.index}",
        key=step_key(step.incident_id, step.index),
        priority=priority_of(severity.rank),
        after=max(after - READ_AHEAD, timedelta()),
    )


def refresh_job(incident: Incident, *, severity: SeverityPolicy) -> Job:
    """Return the job that edits an incident's posts: one per incident, so that edits never race.

    A change that comes while it runs is not lost: the queue runs an asked-for key once more. One that waits
    for long, ten minutes for a thread's next name for instance, is brought forward: the posts have room. A
    short wait is a place in the line of a full route, and is kept.
    """
    return Job(
        name=JobName.REFRESH,
        payload=str(incident.id),
        key=f"refresh:{incident.id}",
        priority=priority_of(severity.rank) - 1,
        sooner=True,
        patience=IN_LINE,
    )


def archive_key(incident_id: int) -> str:
    """Return the queue's key for archiving a thread."""
    return f"archive:{incident_id}"


def archive_job(incident_id: int, *, after: timedelta = timedelta()) -> Job:
    """Return the job that archives the thread of an ended incident."""
    return Job(JobName.ARCHIVE, str(incident_id), archive_key(incident_id), after=after)


def hide_jobs(incident: Incident) -> tuple[Job, Job]:
    """Return the jobs that hide what others could read of an incident before it was private.

    The DLQ has its own: its database may be away while Discord is not.
    """
    number = str(incident.id)
    return (
        Job(JobName.REDACT, number, f"redact:{number}"),
        Job(JobName.REDACT_FAILURES, number, f"redact_failures:{number}"),
    )


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
    severity = policy.rules_of(incident)
    if not (incident.is_open and incident.updates.reminders and severity.ack_lapses_after is not None):
        return incident
    alive = transitions.promise_renewed(incident, policy.update_due(severity, at=now))
    await IncidentWrites(tx.sql).save(alive)
    await remind_later(tx, alive, now=now)
    await tx.enqueue(refresh_job(alive, severity=severity))
    return alive

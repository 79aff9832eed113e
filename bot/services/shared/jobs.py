"""The queue's jobs about incidents and what follows from them, and the keys that keep each one single."""

from datetime import timedelta
from typing import Final

from bot.domain.delivery.delivery import priority_of
from bot.domain.escalation.ladder import Step
from bot.domain.incident.incident import Incident
from bot.domain.jobs import IN_LINE, Job, JobName
from bot.domain.severity import SeverityPolicy

#: How long before its time the job of a step comes, to have its 👀 read by then (`reading_ahead.py`).
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

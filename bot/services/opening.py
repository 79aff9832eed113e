"""What an incident owes the moment it is opened: the alert, its thread, the first pages, its ladder."""

from datetime import datetime, timedelta

from bot.domain.delivery import DeliveryKind, NewDelivery, priority_of
from bot.domain.escalation import Step
from bot.domain.incident import Incident
from bot.domain.severity import SeverityPolicy
from bot.runbook.model import Policy
from bot.services.ports import Job, JobName


def step_key(incident_id: int, index: int) -> str:
    """The queue's key for the decision of one step."""
    return f"step:{incident_id}:{index}"


def step_job(step: Step, *, now: datetime, severity: SeverityPolicy) -> Job:
    """The job that decides *step* when it is due."""
    return Job(
        name=JobName.ESCALATE,
        payload=f"{step.incident_id}:{step.index}",
        key=step_key(step.incident_id, step.index),
        priority=priority_of(severity.rank),
        after=max(step.due_at - now, timedelta()),
    )


def refresh_job(incident: Incident, *, severity: SeverityPolicy) -> Job:
    """The job that makes the posts say what is true now: one per incident, so that edits never race.

    A change that comes while it runs is not lost: the queue runs an asked-for key once more.
    """
    return Job(
        name=JobName.REFRESH,
        payload=str(incident.id),
        key=f"refresh:{incident.id}",
        priority=priority_of(severity.rank) - 1,
    )


def question_key(triage_id: int) -> str:
    """The key of the delivery that asks for a re-evaluation."""
    return f"triage:{triage_id}:reevaluate"


def refresh_triage_job(triage_id: int) -> Job:
    """The job that makes the question of a re-evaluation say how it was answered."""
    return Job(JobName.REFRESH_TRIAGE, str(triage_id), f"refresh_triage:{triage_id}")


def opening_deliveries(incident: Incident, severity: SeverityPolicy) -> list[NewDelivery]:
    """The alert, the bot's own 👀, and the thread with the start time as its first line.

    The thread hangs on the alert, or on a quiet post of its own when the policy opens it in another
    channel (the runbook: the start of SEV1 and SEV2 is written as a thread in #p0-alerts).
    """
    owed = _Owed(incident, severity)
    alert = owed.make(DeliveryKind.ALERT, to=f"channel:{severity.channel}")
    return [alert, owed.make(DeliveryKind.SEED_ACK, after=alert.key), *_thread(owed, severity, alert)]


def notice(incident: Incident, policy: Policy, *, key: str, **data: object) -> NewDelivery:
    """One message in the thread, or in the alert's channel where the policy opens no thread.

    Args:
        key: Of the notice, unique for the incident.
        data: ``notice`` says which; the rest are its facts.
    """
    severity = policy.rules(incident.severity)
    parent = DeliveryKind.THREAD_CARD if severity.thread_channel else DeliveryKind.ALERT
    return NewDelivery(
        kind=DeliveryKind.NOTICE,
        to="incident",
        key=f"inc:{incident.id}:{key}",
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=data,
        after=f"inc:{incident.id}:{parent}",
        priority=priority_of(severity.rank),
    )


def _thread(owed: "_Owed", severity: SeverityPolicy, alert: NewDelivery) -> list[NewDelivery]:
    if severity.thread_channel is None:
        return []
    root = alert
    made = []
    if severity.thread_channel != severity.channel:
        root = owed.make(DeliveryKind.THREAD_ROOT, to=f"channel:{severity.thread_channel}")
        made.append(root)
    thread = owed.make(DeliveryKind.THREAD, after=root.key)
    start = owed.make(DeliveryKind.THREAD_START, after=thread.key)
    return [*made, thread, start, owed.make(DeliveryKind.THREAD_CARD, after=start.key)]


class _Owed:
    """Makes the deliveries of one incident, which share everything but their kind and place."""

    def __init__(self, incident: Incident, severity: SeverityPolicy) -> None:
        self._incident = incident
        self._priority = priority_of(severity.rank)

    def make(self, kind: DeliveryKind, *, to: str = "incident", after: str | None = None) -> NewDelivery:
        return NewDelivery(
            kind=kind,
            to=to,
            key=f"inc:{self._incident.id}:{kind}",
            guild_id=self._incident.guild_id,
            incident_id=self._incident.id,
            after=after,
            priority=self._priority,
        )

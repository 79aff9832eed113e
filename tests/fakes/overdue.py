"""What is overdue in memory, whether or not it has a job."""

from datetime import datetime

from bot.domain.delivery import UNFINISHED, DeliveryStatus
from bot.domain.escalation import Step, StepStatus
from bot.services.mornings import morning_job
from bot.services.ports import Job, JobName
from tests.fakes.deliveries import deliver_job
from tests.fakes.state import State


def overdue_jobs(state: State, before: datetime) -> list[Job]:
    """The jobs of all that was due before *before*, those that are queued included."""
    urgent = [*_steps(state, before), *_deliveries(state, before), *_triages(state, before)]
    patient = [*_reminders(state, before), *_drills(state, before), *_mornings(state, before)]
    return [*urgent, *patient, *_watches(state, before), *_archives(state, before)]


def late_steps(state: State, before: datetime) -> list[Step]:
    """The pending steps that were due before *before*."""
    return [s for s in state.steps.values() if s.status is StepStatus.PENDING and s.due_at < before]


def _steps(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.ESCALATE, f"{s.incident_id}:{s.index}", f"step:{s.incident_id}:{s.index}", s.priority)
        for s in late_steps(state, before)
    ]


def _deliveries(state: State, before: datetime) -> list[Job]:
    found = []
    for stored in state.deliveries.values():
        first = None if stored.after is None else state.delivery_by_key(stored.after)
        is_free = first is None or first.delivery.status is DeliveryStatus.SENT
        is_own = stored.delivery.bundle_id is None
        if is_own and stored.delivery.status in UNFINISHED and stored.next_try_at < before and is_free:
            found.append(deliver_job(stored.delivery))
    return found


def _triages(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.REEVALUATE, str(triage.id), f"reevaluate:{triage.id}", priority=100)
        for triage in state.triages.values()
        if triage.due_at is not None and triage.due_at < before
    ]


def _drills(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.DRILL, str(one.incident_id), f"drill:{one.incident_id}")
        for one in state.drills.values()
        if one.next_at is not None and one.next_at < before
    ]


def _mornings(state: State, before: datetime) -> list[Job]:
    return [
        morning_job(one.guild_id, one.day)
        for one in state.mornings.values()
        if one.nag_at is not None and one.nag_at < before
    ]


def _watches(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.HANDOVER, str(watch.guild_id), f"handover:{watch.guild_id}")
        for watch in state.oncall.watches.values()
        if watch.next_at < before
    ]


def _archives(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.ARCHIVE, str(one.id), f"archive:{one.id}")
        for one in state.incidents.values()
        if one.archive_at is not None and one.archive_at < before
    ]


def _reminders(state: State, before: datetime) -> list[Job]:
    owed = [
        (one.remind_at, one.id)
        for one in state.incidents.values()
        if one.is_open and one.remind_at is not None and one.remind_at < before
    ]
    return [Job(JobName.REMIND, str(number), f"remind:{number}") for _, number in sorted(owed)]

"""What is overdue in memory, whether or not it has a job."""

from datetime import datetime

from bot.domain.allowance import URGENT
from bot.domain.delivery import PAGING, UNFINISHED, DeliveryKind, DeliveryStatus
from bot.domain.escalation import Step, StepStatus
from bot.domain.incident import Status
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


def unheard_incidents(state: State, before: datetime) -> set[int]:
    """Those of the gravest for which something has waited since before *before*, without an email."""
    owed = [stored.delivery for stored in state.deliveries.values()]
    return {
        one.incident_id
        for one in owed
        if one.incident_id is not None
        and one.status in UNFINISHED
        and one.kind in {DeliveryKind.ALERT, *PAGING}
        and one.priority >= URGENT
        and one.created_at < before
        and state.incidents[one.incident_id].status is Status.TRIGGERED
        and not state.incidents[one.incident_id].is_drill
        and not any(
            told.incident_id == one.incident_id and told.created_at >= one.created_at and told.has_email
            for told in owed
        )
    }


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

"""What is overdue in memory, whether or not it has a job."""

from datetime import datetime
from typing import Final

from bot.domain.delivery.allowance import URGENT
from bot.domain.delivery.delivery import UNFINISHED, Delivery, DeliveryKind, DeliveryStatus
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.incident.incident import Status
from bot.domain.timeline.entries import TimelineKind
from bot.services.morning.mornings import morning_job
from bot.services.ports import Job, JobName
from tests.fakes.deliveries import deliver_job
from tests.fakes.state import State

_RINGING: Final = frozenset(kind for kind in DeliveryKind if kind.spec.rings)


def overdue_jobs(state: State, before: datetime) -> list[Job]:
    """The jobs of all that was due before *before*, those that are queued included."""
    urgent = [*_steps(state, before), *_deliveries(state, before), *_triages(state, before)]
    urgent += _idle_triages(state, before)
    patient = [*_reminders(state, before), *_drills(state, before), *_mornings(state, before)]
    return [*urgent, *patient, *_watches(state, before), *_archives(state, before)]


def late_steps(state: State, before: datetime) -> list[Step]:
    """The pending steps that were due before *before*."""
    return [s for s in state.steps.values() if s.status is StepStatus.PENDING and s.due_at < before]


def unheard_incidents(state: State, before: datetime) -> set[int]:
    """Those of the gravest that have owed something since before *before* of which nobody has heard."""
    return {
        one.incident_id
        for one in (stored.delivery for stored in state.deliveries.values())
        if one.incident_id is not None
        and one.kind in _RINGING | {DeliveryKind.PRIVATE_THREAD}
        and one.priority >= URGENT
        and one.created_at < before
        and state.incidents[one.incident_id].status is Status.TRIGGERED
        and not state.incidents[one.incident_id].is_drill
        and (one.status in UNFINISHED or _is_given_up(state, one))
        and not any(told.has_email for told in _since(state, one))
    }


def _is_given_up(state: State, one: Delivery) -> bool:
    """Nothing else has rung since, and nobody has changed the severity, who must have heard of it."""
    is_lost = one.status is DeliveryStatus.FAILED and "quiet" not in one.data
    has_rung = any(
        told.status is DeliveryStatus.SENT and told.kind in _RINGING for told in _since(state, one)
    )
    entries = state.timelines.get(one.incident_id or 0, [])
    is_regraded = any(e.kind is TimelineKind.SEVERITY_CHANGED and e.at > one.created_at for e in entries)
    return is_lost and not has_rung and not is_regraded


def _since(state: State, one: Delivery) -> list[Delivery]:
    """What its incident has owed from the same moment on."""
    owed = (stored.delivery for stored in state.deliveries.values())
    return [
        each for each in owed if each.incident_id == one.incident_id and each.created_at >= one.created_at
    ]


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


def _idle_triages(state: State, before: datetime) -> list[Job]:
    return [
        Job(JobName.UNFINISHED_TRIAGE, str(triage.id), f"unfinished:{triage.id}", priority=100)
        for triage in state.triages.values()
        if triage.idle.due_at is not None and triage.idle.due_at < before
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
        (one.updates.remind_at, one.id)
        for one in state.incidents.values()
        if one.is_open and one.updates.remind_at is not None and one.updates.remind_at < before
    ]
    return [Job(JobName.REMIND, str(number), f"remind:{number}") for _, number in sorted(owed)]

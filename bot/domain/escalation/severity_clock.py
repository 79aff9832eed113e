"""From when a severity counts for an incident that waits for a responder.

A change of severity must not put off an escalation that people wait for, however often it is made.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.incident.entries import SeverityChangedEntry
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineEntry, TimelineKind


@dataclass(frozen=True, slots=True)
class SeverityClock:
    """From when the deadline and the ladder of a severity count.

    Attributes:
        since: Aware.
        ladder: The ladder that the incident had under this severity earlier in the same wait: it goes on.
            Empty if there was none.
    """

    since: datetime
    ladder: tuple[Step, ...] = ()


def earlier_clock(incident: Incident, steps: Sequence[Step], *, priority: int) -> SeverityClock | None:
    """Return the clock that a severity has had before in the present wait of *incident*; None if it had none.

    Args:
        steps: All steps of the incident.
        priority: `Step.priority` of the severity.
    """
    alike = [(step.starts_at, step) for step in steps if step.priority == priority]
    latest = max((begun for begun, _ in alike if begun is not None), default=None)
    own = tuple(step for begun, step in alike if begun == latest)
    since = _waits_since(incident)
    if not any(step.decided_at is not None and step.decided_at >= since for step in own):
        return None
    return SeverityClock(
        min(step.counts_from or step.starts_at or incident.triggered_at for step in own), own
    )


def severe_since(
    incident: Incident,
    timeline: Iterable[TimelineEntry],
    *,
    is_as_severe: Callable[[str], bool],
    now: datetime,
) -> datetime:
    """Return when *incident* was first at least so severe in its present wait; *now* if it never was.

    Args:
        is_as_severe: Return True for the name of a severity that is at least the one in question.
    """
    since, begun, severity = _waits_since(incident), incident.triggered_at, incident.severity
    entries = [entry for entry in timeline if entry.kind is TimelineKind.SEVERITY_CHANGED]
    changes = [(entry.at, SeverityChangedEntry.from_json(entry.data or {})) for entry in entries]
    if changes:
        severity = changes[0][1].before
    for at, change in changes:
        if at > since and is_as_severe(severity):
            break
        begun, severity = at, change.after
    return max(begun, since) if is_as_severe(severity) else now


def resumed(clock: SeverityClock, *, first_index: int, starts_at: datetime) -> tuple[Step, ...]:
    """Return the steps of the earlier ladder that are left, as rows of a new one, by due time.

    They keep their times and their distance in number. The pages of its very start are sent once more: they
    say that the severity is another one.
    """
    first = min(step.index for step in clock.ladder)
    return tuple(
        replace(
            step,
            index=first_index + step.index - first,
            starts_at=starts_at,
            counts_from=clock.since,
            status=StepStatus.PENDING,
            decided_at=None,
        )
        for step in sorted(clock.ladder, key=lambda step: (step.due_at, step.index))
        if step.status is StepStatus.CANCELLED or step.rung.after == timedelta()
    )


def _waits_since(incident: Incident) -> datetime:
    """Return the start of the present wait for a responder."""
    return incident.triggered_at if incident.ack_ended is None else incident.ack_ended.at

"""The ladder: who is alerted next, and when, until someone acknowledges.

An acknowledgement may end. From then on people wait anew; the ack deadline, if it has passed, is
only kept for the statistics, and the ladder's next step takes its place. A change of severity must
not put off an escalation that people wait for, however often it is made. Source: the runbook, 15分以内
/ 4時間以内 / 翌営業日.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.records import SeverityChangedEntry
from bot.domain.payloads import Payload
from bot.domain.severity import Deadline, LadderStep, Mention, SeverityPolicy
from bot.domain.timeline.entries import TimelineEntry, TimelineKind


def ack_deadline(severity: SeverityPolicy, hours: BusinessHours, *, at: datetime) -> datetime:
    """Return when an alert of *severity* posted at *at* (aware) must have been acknowledged, aware."""
    return moment_after(at, severity.ack_within, hours)


def moment_after(at: datetime, span: Deadline, hours: BusinessHours, *, times: int = 1) -> datetime:
    """Return the end of *span* counted from *at* (aware), aware; a duration may count several times."""
    return at + times * span if isinstance(span, timedelta) else hours.next_triage(at)


class CallingStep(Protocol):
    """A step as the policy has it, or as it is mirrored for when the database is away."""

    @property
    def mention(self) -> Mention: ...

    @property
    def dm(self) -> tuple[str, ...]: ...


class StepStatus(StrEnum):
    """The state of a step of the ladder."""

    PENDING = "pending"
    DONE = "done"
    CANCELLED = "cancelled"  # acknowledged or resolved first


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one incident's ladder: a row, not a timer.

    Attributes:
        index: Number within the incident, from 0; a ladder that a change of severity starts goes on counting.
        due_at: When it is decided, aware.
        rung: The policy's step: whom it alerts and how, frozen when the ladder was started.
        starts_at: When the ladder was started, aware.
        priority: Of several that are due, the higher one is decided first.
        counts_from: What `rung.after` counts from, aware; None: from *starts_at*.
        decided_at: When it was taken or cancelled.
    """

    incident_id: int
    index: int
    due_at: datetime
    rung: LadderStep
    status: StepStatus = StepStatus.PENDING
    starts_at: datetime | None = None
    priority: int = 100
    counts_from: datetime | None = None
    decided_at: datetime | None = field(default=None, compare=False)

    @property
    def is_opening(self) -> bool:
        """Return True for the step at the alert itself, which has just been posted: only the DMs are new."""
        return self.rung.after == timedelta()


class WhyKind(StrEnum):
    """The cause of a page or a step that comes before its due time."""

    UNREACHED = "unreached"  # the person paged cannot be reached by DM
    DECLINED = "declined"  # the person paged cannot respond
    LAPSED = "lapsed"  # the responder has been silent for too long
    RELEASED = "released"  # the responder has let go


class Why(Payload):
    """The reason for an early page or step, and the person it is about.

    Attributes:
        kind: If only a newer version knows the kind, the reason is read as if there were none.
        who: The person: as `marked`, or the name of the former responder.
        who_id: Their Discord id, if known.
    """

    kind: WhyKind
    who: str
    who_id: int | None = None

    def is_about(self, handle: str, *, user_id: int | None = None) -> bool:
        """Return True if the reason is about the policy's person *handle*: by id, else by the same name."""
        if None not in (user_id, self.who_id):
            return user_id == self.who_id
        return handle.lower() in (self.who.removeprefix("@").lower(), str(self.who_id))


@dataclass(frozen=True, slots=True)
class Due:
    """The due steps of an incident's ladder, and the facts needed to decide them.

    Attributes:
        step: The last due step; its message covers all of them.
        following: The ladder's next step, unless someone answers before it.
        notified: Person -> how many DMs have reached them.
        unreached: People whom no DM has reached.
        last_index: The highest number of the incident's steps.
        why: The reason, if the step comes before its due time.
        earlier: Overdue steps that are decided together with it, oldest first; the bot was away.
    """

    incident: Incident
    step: Step
    following: Step | None = None
    notified: Mapping[str, int] = field(default_factory=dict)
    unreached: tuple[str, ...] = ()
    last_index: int = 0
    why: Why | None = None
    earlier: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return all steps that are decided together, oldest first."""
        return (*self.earlier, self.step)

    @property
    def rung(self) -> LadderStep:
        """Return the policy's steps combined into one: whom the message alerts, and how."""
        rungs = [step.rung for step in self.steps]
        mention, dm = combined(rungs)
        also = tuple(dict.fromkeys(way for rung in rungs for way in rung.also))
        return replace(rungs[-1], mention=mention, dm=dm, also=also)

    @property
    def overdue(self) -> list[datetime]:
        """Return the due times that passed without a message of their own."""
        earlier = [step for step in self.earlier if not step.is_opening]
        return [step.due_at for step in earlier if step.due_at < self.step.due_at]

    def repeated(self, *, now: datetime) -> Step | None:
        """Return the `repetition` of the step that repeats itself, if one of these steps does.

        That need not be the last one: the calendar may put the ack deadline after a step that repeats itself.
        """
        again = (repetition(step, now=now, index=self.last_index + 1) for step in self.steps)
        return next((step for step in again if step is not None), None)

    def followed_by(self, again: Step | None) -> "Due":
        """Return the step with its repetition *again* among the steps to come; `following` is the first."""
        to_come = [step for step in (self.following, again) if step is not None]
        return replace(self, following=min(to_come, key=lambda step: step.due_at, default=None))


def combined(steps: Sequence[CallingStep]) -> tuple[Mention, tuple[str, ...]]:
    """Return the loudest mention of *steps* and the DM recipients of them all, for one message."""
    loudest = max((step.mention for step in steps), key=list(Mention).index)
    return loudest, tuple(dict.fromkeys(who for step in steps for who in step.dm))


def following_step(ladder: Iterable[Step]) -> Step | None:
    """Return the ladder's next pending step, or None."""
    return next((step for step in ladder if step.status is StepStatus.PENDING), None)


def split(pending: Iterable[Step], before: datetime) -> tuple[tuple[Step, ...], Step | None]:
    """Return the steps of a ladder that were due at *before*, and the first that was not.

    Args:
        pending: By due time.
    """
    steps = list(pending)
    due = tuple(step for step in steps if step.due_at <= before)
    return due, next((step for step in steps if step.due_at > before), None)


def plan(
    ladder: tuple[LadderStep, ...],
    *,
    incident_id: int,
    starts_at: datetime,
    ack_due_at: datetime,
    first_index: int = 0,
    priority: int = 100,
) -> tuple[Step, ...]:
    """Return the steps of a ladder as rows, in order of their due time.

    A step's `after` counts from *starts_at*; a step without one is due at the ack deadline.
    """
    return tuple(
        sorted(
            (
                Step(
                    incident_id=incident_id,
                    index=index,
                    due_at=ack_due_at if rung.after is None else starts_at + rung.after,
                    rung=rung,
                    starts_at=starts_at,
                    priority=priority,
                )
                for index, rung in enumerate(ladder, start=first_index)
            ),
            key=lambda step: (step.due_at, step.index),
        )
    )


def is_mailed(step: Step, severity: SeverityPolicy, *, starts_at: datetime, ack_due_at: datetime) -> bool:
    """Return True if *step* also sends an email although Discord works: a phone may be muted.

    `SeverityPolicy.email_after` counts the ladder's steps; that step and all later ones send an email.

    Args:
        starts_at: When its ladder was started, aware; *ack_due_at* is the deadline of that ladder.
    """
    if severity.email_after is None or not severity.ladder:
        return False
    times = sorted(ack_due_at if rung.after is None else starts_at + rung.after for rung in severity.ladder)
    return step.due_at >= times[min(severity.email_after, len(times)) - 1]


def repetition(step: Step, *, now: datetime, index: int) -> Step | None:
    """Return the repetition of *step*, which is now decided; None if it does not repeat itself.

    The repetition is a row like any other. Its due time stays on the grid of the first one: repetitions that
    were missed while the bot was away are skipped.

    Args:
        now: Aware; the repetition is due later.
        index: Its number, free until now.
    """
    rung = step.rung
    if rung.repeat is None or rung.repeat_up_to == 0:
        return None
    missed = max((now - step.due_at) // rung.repeat, 0)
    left = None if rung.repeat_up_to is None else rung.repeat_up_to - 1
    due_at = step.due_at + (missed + 1) * rung.repeat
    counts_from = step.counts_from or step.starts_at
    after = rung.after if counts_from is None else due_at - counts_from
    again = replace(rung, after=after, repeat_up_to=left)
    return replace(step, index=index, due_at=due_at, rung=again, status=StepStatus.PENDING)


def is_again(incident: Incident) -> bool:
    """Return True if *incident* waits since an acknowledgement that ended after the ack deadline."""
    ended = incident.ack_ended
    return incident.status is Status.TRIGGERED and ended is not None and ended.at > incident.ack_due_at


def waits_since(incident: Incident, *, at: datetime) -> datetime:
    """Return the start of the wait for a responder that was under way at the time *at* (aware)."""
    ended = incident.ack_ended
    return incident.triggered_at if ended is None or ended.at >= at else ended.at


def present_deadline(incident: Incident) -> datetime | None:
    """Return by when the waiting *incident* must be acknowledged.

    It is the ack deadline or, after an acknowledgement that ended later, the ladder's first step since then.
    None: no step was left.
    """
    ended = incident.ack_ended
    if ended is None or ended.at <= incident.ack_due_at:
        return incident.ack_due_at
    return next((step.due_at for step in incident.calls.steps if step.due_at > ended.at), None)


def is_overdue(incident: Incident) -> bool:
    """Return True if the ladder's step at the present deadline was taken without a responder."""
    waits = incident.status is Status.TRIGGERED and (
        incident.acknowledged is None or incident.ack_ended is not None
    )
    due = present_deadline(incident)
    return waits and due is not None and incident.calls.is_past(due)


def called_in_vain(incident: Incident) -> Incident:
    """Return *incident* without the DMs that the last acknowledge answered, if that has ended since."""
    ended = incident.ack_ended
    if ended is None:
        return incident
    pages = tuple(page for page in incident.calls.pages if page.asked_at >= ended.at)
    return replace(incident, calls=replace(incident.calls, pages=pages))


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


def earlier_clock(
    incident: Incident, steps: Sequence[Step], *, priority: int, handed_at: datetime | None = None
) -> SeverityClock | None:
    """Return the clock that a severity has had before in the present wait of *incident*; None if it had none.

    Args:
        steps: All steps of the incident.
        priority: `Step.priority` of the severity.
        handed_at: See `last_hand_over`; the steps before that are other people's.
    """
    alike = [
        (step.starts_at, step)
        for step in steps
        if step.priority == priority
        and (handed_at is None or (step.starts_at is not None and step.starts_at >= handed_at))
    ]
    latest = max((begun for begun, _ in alike if begun is not None), default=None)
    own = tuple(step for begun, step in alike if begun == latest)
    since = _waits_since(incident)
    if not any(step.decided_at is not None and step.decided_at >= since for step in own):
        return None
    return SeverityClock(
        min(step.counts_from or step.starts_at or incident.triggered_at for step in own), own
    )


def last_hand_over(timeline: Iterable[TimelineEntry]) -> datetime | None:
    """Return when an incident was last handed over to other people; None if it never was."""
    return max((entry.at for entry in timeline if entry.kind.spec.hands_over), default=None)


def severe_since(
    incident: Incident,
    timeline: Sequence[TimelineEntry],
    *,
    is_as_severe: Callable[[str], bool],
    now: datetime,
) -> datetime:
    """Return when *incident* was first at least so severe in its present wait; *now* if it never was.

    A hand-over begins another wait: the people who have it now are asked since then.

    Args:
        is_as_severe: Return True for the name of a severity that is at least the one in question.
    """
    waits_since = _waits_since(incident)
    since = max(waits_since, last_hand_over(timeline) or waits_since)
    begun, severity = incident.triggered_at, incident.severity
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

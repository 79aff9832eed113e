"""A drill: what is played, and how it went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from bot.domain.delivery.delivery import Notice
from bot.domain.incident.forms import Checklist
from bot.domain.incident.incident import Incident, Role, Status
from bot.domain.incident.records import AcknowledgedEntry, RoleChangedEntry
from bot.domain.incident.transitions import AckVia
from bot.domain.payloads import Json, Payload
from bot.domain.timeline.entries import EntryData, EntryKind, TimelineEntry, TimelineKind
from bot.domain.triage.tree import Text

_KEPT: Final = (TimelineKind.NOTE, TimelineKind.PINNED)


@dataclass(frozen=True, slots=True)
class Inject:
    """A line that appears in the drill's thread.

    Attributes:
        after: Since the start, > 0.
    """

    after: timedelta
    text: Text


@dataclass(frozen=True, slots=True)
class Script:
    """The script of a drill.

    Attributes:
        injects: In order of time, all before the end.
        ends_after: When a drill ends if it is not resolved before.
    """

    title: Text
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    injects: tuple[Inject, ...]
    ends_after: timedelta


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill as stored; its script is frozen when it starts.

    Attributes:
        incident_id: The incident that it plays.
        played: How many of the injects have appeared.
        next_at: When it must be looked at next; None once it is over.
        ended_at: When it was scored.
    """

    incident_id: int
    guild_id: int
    started_by_id: int
    started_by_name: str
    started_at: datetime
    injects: tuple[Inject, ...]
    ends_at: datetime
    played: int
    next_at: datetime | None
    ended_at: datetime | None = None

    def due(self, now: datetime) -> list[tuple[int, Inject]]:
        """Return the injects, with their numbers from 0, that should have appeared by *now* and have not."""
        numbered = list(enumerate(self.injects))[self.played :]
        return [(number, inject) for number, inject in numbered if self.started_at + inject.after <= now]

    def following(self, played: int) -> datetime:
        """Return when something happens next, once *played* injects have appeared."""
        left = self.injects[played:]
        return self.started_at + left[0].after if left else self.ends_at


class Missed(StrEnum):
    """A step of the runbook that was not taken, or was taken too late."""

    ACK = "ack"
    ACK_LATE = "ack_late"
    COMMANDER = "commander"
    STEPS = "steps"  # of the first-response sheet, not all are ticked
    UPDATE = "update"
    RECORD = "record"  # nothing was noted and nothing pinned
    RESOLVE = "resolve"


class Score(Payload):
    """How a drill went. Times are seconds since the alert; None means that it did not happen.

    Attributes:
        ack_within_s: The time there was.
        notes, pins: What was kept for the postmortem.
        missed: In the order of the runbook.
        steps, steps_done: How many the first-response sheet has, and how many of them are ticked; 0 in a row
            of an older version.
    """

    ack_s: float | None
    ack_within_s: float
    ack_by: str | None
    commander: str | None
    commander_s: float | None
    update_s: float | None
    notes: int
    pins: int
    took_s: float | None
    missed: tuple[Missed, ...]
    steps: int
    steps_done: int


class InjectNotice(Notice, name="inject"):
    """A line of the script, in the team's language."""

    text: str


class _Scored(Payload):
    """A score that is stored in place of the payload that holds it."""

    score: Score

    def to_json(self) -> dict[str, object]:
        """Return the score as it is stored."""
        return self.score.to_json()

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """Read the score."""
        return cls(score=Score.from_json(stored))


class DrillScoredNotice(_Scored, Notice, name="drill_scored"):
    """The line in the thread that tells the score."""


class DrillEntry(EntryKind):
    """What the timeline has of drills."""

    SCORED = "drill_scored"


class DrillScoredEntry(_Scored, EntryData, kind=DrillEntry.SCORED):
    """The timeline entry that tells the score."""


def score(incident: Incident, timeline: Iterable[TimelineEntry], sheet: Checklist) -> Score:
    """Score how people did in a drill, from what is on record when it is over.

    Source: the runbook, エスカレーションパス; issue 4: time to ack, missed steps.
    """
    entries = sorted(timeline, key=lambda entry: entry.at)
    taken = next(  # the first commander
        (
            entry
            for entry in entries
            if entry.kind is TimelineKind.ROLE_CHANGED and _holder(entry) is not None
        ),
        None,
    )
    update = next((entry for entry in entries if entry.kind is TimelineKind.UPDATED), None)
    ended_at = None if incident.ended is None else incident.ended.at
    ack = incident.took_to_acknowledge
    records = {kind: sum(entry.kind is kind for entry in entries) for kind in _KEPT}
    steps, done = len(sheet.steps), len(sheet.done(incident.checks))
    missed = _missed(
        incident,
        commander=taken,
        update=update,
        records=sum(records.values()),
        is_done=done == steps,
        is_late=_is_late(incident, entries),
    )
    return Score(
        ack_s=None if ack is None else ack.total_seconds(),
        ack_within_s=(incident.ack_due_at - incident.triggered_at).total_seconds(),
        ack_by=None if incident.acknowledged is None else incident.acknowledged.name,
        commander=None if taken is None else _holder(taken),
        commander_s=_since(incident, taken),
        update_s=_since(incident, update),
        notes=records[TimelineKind.NOTE],
        pins=records[TimelineKind.PINNED],
        took_s=_seconds(incident, ended_at) if incident.status is Status.RESOLVED else None,
        missed=tuple(missed),
        steps=steps,
        steps_done=done,
    )


def _missed(
    incident: Incident,
    *,
    commander: TimelineEntry | None,
    update: TimelineEntry | None,
    records: int,
    is_done: bool,
    is_late: bool,
) -> Iterable[Missed]:
    if incident.acknowledged is None:
        yield Missed.ACK
    elif is_late:
        yield Missed.ACK_LATE
    if commander is None:
        yield Missed.COMMANDER
    if not is_done:
        yield Missed.STEPS
    if update is None:
        yield Missed.UPDATE
    if not records:
        yield Missed.RECORD
    if incident.status is not Status.RESOLVED:
        yield Missed.RESOLVE


def _is_late(incident: Incident, entries: Iterable[TimelineEntry]) -> bool:
    """Return True if the first acknowledgement came after its deadline.

    Discord does not tell when a reaction was added. One that was found by reading, before anybody was called
    because of the deadline, counts as given in time.
    """
    act, due = incident.acknowledged, incident.ack_due_at
    if act is None or act.at <= due:
        return False
    until = [entry for entry in entries if entry.at <= act.at]
    was_read = any(
        entry.kind is TimelineKind.ACKNOWLEDGED
        and AcknowledgedEntry.from_json(entry.data or {}).via == AckVia.RECONCILED.value
        for entry in until
    )
    return not was_read or any(entry.kind is TimelineKind.ESCALATED and entry.at >= due for entry in until)


def _since(incident: Incident, entry: TimelineEntry | None) -> float | None:
    return None if entry is None else _seconds(incident, entry.at)


def _seconds(incident: Incident, at: datetime | None) -> float | None:
    return None if at is None else max((at - incident.triggered_at).total_seconds(), 0.0)


def _holder(entry: TimelineEntry) -> str | None:
    """Return the name of the commander whom an entry names, if it names one."""
    changed = RoleChangedEntry.from_json(entry.data or {})
    is_given = changed.role == Role.COMMANDER.value and changed.holder is not None
    return changed.holder.name if is_given and changed.holder is not None else None

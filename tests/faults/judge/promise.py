"""The promise as a judgement on what was seen: pure, so that it can be shown to find what breaks it.

Every P0 is acknowledged, or escalated by its deadline + 5 s.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

#: How late an escalation may be, once it can be made at all.
LATE: Final = timedelta(seconds=5)

#: How early: Discord's clock, the database's and the bot's are moved one after the other.
EARLY: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A period in which nothing could be escalated: the bot was dead, or a dependency was away."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """A P0 as the database has it.

    Attributes:
        ended_at: When it was resolved or cancelled.
        goes_on: True if an acknowledge has ended, so that its ladder continued.
    """

    id: int
    due_at: datetime
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None
    goes_on: bool = False

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Incident":
        """One of the bot's rows."""
        ended_at, goes_on = row["resolved_at"], row["goes_on"]
        return cls(row["id"], row["ack_due_at"], row["acknowledged_at"], ended_at, goes_on)

    @property
    def label(self) -> str:
        """The incident's label."""
        return f"INC-{self.id}"

    def answered_by(self, moment: datetime) -> bool:
        """Return True if a person had acknowledged or ended it by then."""
        return any(at is not None and at <= moment for at in (self.acknowledged_at, self.ended_at))


def unescalated(
    incident: Incident,
    *,
    rung: Sequence[datetime],
    mailed: Sequence[datetime],
    excuses: Sequence[Span],
    now: datetime,
) -> Iterator[str]:
    """The third state: neither acknowledged, or ended, nor escalated in time; or before it.

    Args:
        rung: When it was escalated in its channel, oldest first.
        mailed: When an email about it arrived.
        excuses: By the same clock.
    """
    due = incident.due_at
    if rung and rung[0] < due - EARLY:
        yield f"{incident.label} was due at {due}, and escalated at {rung[0]} already"
    until = excused(due, excuses) + LATE
    if now < until or incident.answered_by(until):
        return
    if any(at <= until for at in rung) or any(due <= at <= until for at in mailed):
        return
    late = f", the first escalation came at {rung[0]}" if rung else ", never escalated"
    yield f"{incident.label} was due at {due} (allowed until {until}){late}"


def rung_in_vain(incident: Incident, *, rung: Sequence[datetime], excuses: Sequence[Span]) -> Iterator[str]:
    """Escalations long after the acknowledge: one may have been under way, or nobody could know of it yet."""
    if incident.acknowledged_at is None or incident.goes_on:
        return
    until = excused(incident.acknowledged_at, excuses) + LATE
    yield from (
        f"{incident.label} was acknowledged at {incident.acknowledged_at}, and escalated at {at}"
        for at in rung
        if at > until
    )


def excused(moment: datetime, excuses: Sequence[Span]) -> datetime:
    """The moment, or the end of what made it impossible to act then."""
    for span in sorted(excuses, key=lambda found: found.start):
        if span.start <= moment + LATE and span.end > moment:
            moment = span.end
    return moment

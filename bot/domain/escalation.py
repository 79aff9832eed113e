"""The ladder: who is told again, and when, while nobody acknowledges.

Source: the runbook, エスカレーションパス.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.incident import Incident
from bot.domain.severity import LadderStep


class StepStatus(StrEnum):
    """What became of a step of the ladder."""

    PENDING = "pending"
    DONE = "done"
    CANCELLED = "cancelled"  # acknowledged or resolved first


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of one incident's ladder: a row, not a timer.

    Attributes:
        index: Number within the incident, from 0; a ladder that a change of severity starts goes on counting.
        due_at: When it is decided, aware.
        rung: Whom it tells and how, frozen when the ladder was started.
        starts_at: When that was: what `rung.after` counts from.
        priority: Of several that are due, the higher one is decided first.
    """

    incident_id: int
    index: int
    due_at: datetime
    rung: LadderStep
    status: StepStatus = StepStatus.PENDING
    starts_at: datetime | None = None
    priority: int = 100


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is due, with what its decision needs to know.

    Attributes:
        following: The ladder's next step, if nobody answers until then.
        told: On-call place -> how many DMs have reached it.
        unreached: Places whom no DM has reached.
    """

    incident: Incident
    step: Step
    following: Step | None = None
    told: Mapping[str, int] = field(default_factory=dict)
    unreached: tuple[str, ...] = ()


def plan(
    ladder: tuple[LadderStep, ...],
    *,
    incident_id: int,
    starts_at: datetime,
    ack_due_at: datetime,
    first_index: int = 0,
    priority: int = 100,
) -> tuple[Step, ...]:
    """The steps of a ladder as rows, in order of their due time.

    A rung's `after` counts from *starts_at*; a rung without one is due at the ack deadline.
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

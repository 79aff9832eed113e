"""One person's walk through the decision tree, as stored."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.people import Person


class TriageStatus(StrEnum):
    """How a walk ended, or that it has not."""

    OPEN = "open"
    OPENED = "opened"  # it became an incident
    REEVALUATING = "reevaluating"  # the tree said: look again in a while
    DISMISSED = "dismissed"  # looked at again, nothing wrong
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class NewTriage:
    """What the first form gave. Attributes as in `NewIncident`."""

    guild_id: int
    by: Person
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    started_at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A standing answer: a withdrawn one is not here."""

    question: str
    answer: str
    unsure: bool
    by_name: str


@dataclass(frozen=True, slots=True)
class Triage:
    """A walk with its standing answers, in order."""

    id: int
    guild_id: int
    user_id: int
    user_name: str
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    started_at: datetime
    status: TriageStatus
    answers: tuple[StoredAnswer, ...]
    severity: str | None = None
    incident_id: int | None = None
    reevaluate_at: datetime | None = None

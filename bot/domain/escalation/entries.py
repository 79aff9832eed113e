"""What timeline entries hold about the ladder and the responder."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.timeline.entries import EntryData, TimelineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedEntry(EntryData):
    """A DM reached a person.

    Attributes:
        place, who: The on-call place, and the person there, where that is known.
    """

    kind: ClassVar = TimelineKind.PAGED

    place: str | None
    who: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalatedEntry(EntryData):
    """A step of the ladder was taken.

    Attributes:
        step: Its number.
        dm: The people whom it pages.
        overdue: When the earlier steps were due that it stands in for.
    """

    kind: ClassVar = TimelineKind.ESCALATED

    step: int
    dm: tuple[str, ...]
    overdue: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedEntry(EntryData):
    """A responder let go.

    Attributes:
        resumed: No responder was left, so the ladder goes on.
    """

    kind: ClassVar = TimelineKind.RELEASED

    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedEntry(EntryData):
    """The acknowledge ended, because the responder did not answer a reminder."""

    kind: ClassVar = TimelineKind.LAPSED

    who: str | None

"""What timeline entries hold about a monitor's later messages."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.timeline.entries import EntryData, TimelineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedEntry(EntryData):
    """The same alert came again.

    Attributes:
        count: How often it came.
    """

    kind: ClassVar = TimelineKind.REPEATED

    count: int | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredEntry(EntryData):
    """The monitor says that it is over."""

    kind: ClassVar = TimelineKind.RECOVERED

    url: str

"""What timeline entries hold about a monitor's later messages."""

from bot.domain.timeline.entries import EntryData, TimelineKind


class RepeatedEntry(EntryData, kind=TimelineKind.REPEATED):
    """The same alert came again.

    Attributes:
        count: How often it came.
    """

    count: int | None
    url: str


class RecoveredEntry(EntryData, kind=TimelineKind.RECOVERED):
    """The monitor says that it is over."""

    url: str

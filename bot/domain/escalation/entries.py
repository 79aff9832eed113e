"""What timeline entries hold about the ladder and the responder."""

from datetime import datetime

from bot.domain.timeline.entries import EntryData, TimelineKind


class PagedEntry(EntryData, kind=TimelineKind.PAGED):
    """A DM reached a person.

    Attributes:
        place, who: The on-call place, and the person there, where that is known.
    """

    place: str | None
    who: str | None = None


class PagedOutsideEntry(EntryData, kind=TimelineKind.PAGED_OUTSIDE):
    """A system outside Discord took a page.

    Attributes:
        way: As `Way` has it.
        who: The person whom it was for; None: it pages by itself.
    """

    way: str
    who: str | None = None


class EscalatedEntry(EntryData, kind=TimelineKind.ESCALATED):
    """A step of the ladder was taken.

    Attributes:
        step: Its number.
        dm: The people whom it pages.
        overdue: The due times of earlier steps that it covers.
    """

    step: int
    dm: tuple[str, ...]
    overdue: tuple[datetime, ...] = ()


class ReleasedEntry(EntryData, kind=TimelineKind.RELEASED):
    """A responder let go.

    Attributes:
        resumed: No responder was left, so the ladder goes on.
    """

    resumed: bool


class LapsedEntry(EntryData, kind=TimelineKind.LAPSED):
    """The acknowledge ended, because the responder did not answer a reminder."""

    who: str | None

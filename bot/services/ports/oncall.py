"""The storage of on-call, and its requests to the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.domain.oncall.roster import Book, Content, NewOverride, OnCallPerson, StoredOverride, Watch
from bot.domain.oncall.rotation import Shift
from bot.domain.people import Person


class OnCallReads(Protocol):
    """Reads about on-call, within a transaction or without one."""

    async def now(self) -> datetime:
        """The database's time, aware."""
        ...

    async def oncall_book(self, guild_id: int, *, since: datetime) -> Book:
        """Return the entries made in chat that count at *since* or later, in order of writing."""
        ...

    async def oncall_book_now(self, guild_id: int, *, past: timedelta) -> tuple[Book, datetime]:
        """Return the entries that count since *past* ago or later, and the database's time."""
        ...


class OnCallTransaction(OnCallReads, Protocol):
    """The part of a transaction that is about on-call."""

    async def add_override(self, guild_id: int, new: NewOverride, *, by: Person) -> int:
        """Store an override and return its number."""
        ...

    async def end_override(self, guild_id: int, number: int, *, by: Person) -> list[StoredOverride]:
        """Take one back from now on, and the other half of a swap with it unless that is over.

        Returns:
            It, then the other half; empty when there is none of that number, or it is over.
        """
        ...

    async def add_schedule(
        self, guild_id: int, place: str, content: Content, *, by: Person, draft: bool = False
    ) -> int:
        """Put a schedule into force from now on, or keep it as a draft for a day; its number."""
        ...

    async def confirm_schedule(self, guild_id: int, number: int, *, by: Person) -> tuple[str, Content] | None:
        """Put a draft into force from now on; its place, or None when it is gone or was confirmed before."""
        ...

    async def end_schedules(self, guild_id: int, place: str, *, by: Person) -> int:
        """End the schedules that are in force at a place, and return their number."""
        ...

    async def lock_watch(self, guild_id: int) -> Watch | None:
        """Lock and return the guild's watch; None if there is none."""
        ...

    async def begin_watch(self, watch: Watch) -> bool:
        """Store a guild's first watch; False when there is one."""
        ...

    async def wake_watch(self, guild_id: int) -> None:
        """Make the guild's watch due at once, because something has changed. Does nothing without a watch."""
        ...

    async def save_watch(self, watch: Watch) -> None:
        """Write what was told, and when to look again. The row must be locked."""
        ...


class Gap(StrEnum):
    """A reason why a person on call cannot be reached, or cannot answer."""

    NOT_MEMBER = "not_member"
    NO_DM = "no_dm"
    NO_ROLE = "no_role"
    NO_CHANNEL = "no_channel"
    NO_EMAIL = "no_email"


@dataclass(frozen=True, slots=True)
class Finding:
    """A gap, and what it is about.

    Attributes:
        names: The roles that would do, or the channels that are not seen.
    """

    gap: Gap
    names: tuple[str, ...] = ()


class Reach(Protocol):
    """Looks at people in Discord."""

    async def gaps(self, guild_id: int, person: OnCallPerson) -> list[Finding]:
        """Return what *person* lacks to be on call; empty when they lack nothing.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """
        ...

    async def member(self, guild_id: int, handle: str) -> Person | None:
        """The member of that id or username; None when there is none, or it is a bot. Raises as `gaps`."""
        ...


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One occurrence of an event of an imported calendar.

    Attributes:
        starts, ends: Aware; starts < ends.
        summary: As written.
        categories: As written; our own exports put the place here.
        attendees: Mail addresses and names of who takes part.
        handle: Of the person, when the calendar is one of our exports.
    """

    starts: datetime
    ends: datetime
    summary: str
    categories: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class PlacedShift:
    """A shift with the place and the person that an exported calendar shows.

    Attributes:
        uid: The same in each export of the same shift.
    """

    uid: str
    place: str
    person: OnCallPerson
    shift: Shift


class Calendars(Protocol):
    """iCalendar, read and written."""

    async def read(self, data: bytes, *, start: datetime, end: datetime, most: int) -> list[CalendarEvent]:
        """The first *most* events between two moments, recurring ones expanded, in order of their start.

        Raises:
            UserError: it is no calendar, or takes too long to read.
        """
        ...

    async def write(self, shifts: Sequence[PlacedShift], *, name: str) -> bytes:
        """A calendar of *shifts* in the team's time zone, which it describes."""
        ...

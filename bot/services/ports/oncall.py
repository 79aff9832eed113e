"""On-call's requests to the outside: people in Discord, and calendars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.rotation import Shift
from bot.domain.people import Person


class Gap(StrEnum):
    """A reason why a person on call cannot be reached, or cannot answer."""

    NOT_MEMBER = "not_member"
    NO_DM = "no_dm"
    NO_ROLE = "no_role"
    NO_CHANNEL = "no_channel"
    NO_EMAIL = "no_email"


@dataclass(frozen=True, slots=True)
class ReadinessFinding:
    """A gap, and what it is about.

    Attributes:
        names: The roles that would do, or the channels that are not seen.
    """

    gap: Gap
    names: tuple[str, ...] = ()


class Reachability(Protocol):
    """Finds out whether Discord lets the bot reach a person on call."""

    async def gaps(self, guild_id: int, person: OnCallPerson) -> list[ReadinessFinding]:
        """Return what *person* lacks to be on call; empty when they lack nothing.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """

    async def member(self, guild_id: int, handle: str) -> Person | None:
        """Return the member with that id or username; None if there is none, or it is a bot."""


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
        """Return the first *most* events between two moments by start, with recurring ones expanded.

        Raises:
            UserError: it is no calendar, or takes too long to read.
        """

    async def write(self, shifts: Sequence[PlacedShift], *, name: str) -> bytes:
        """Return *shifts* as an iCalendar file with the title *name*."""

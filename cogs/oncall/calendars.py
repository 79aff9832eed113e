"""On-call schedules as iCalendar files: out for everybody's calendar, in from the tool used before."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import structlog

from bot.domain.errors import UserError
from bot.domain.oncall.book import Content, Rosters
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.oncall.rotation import Shift
from bot.domain.people import Person
from bot.integrations.calendars import DEADLINE_S, CalendarEvent, CalendarWorker, UnusableCalendar
from bot.runbook.model import Policy
from bot.services.ports.discord import Reachability
from bot.services.shared.roster import PAST, OnCall
from bot.storage.store import Store
from cogs.oncall.changes import Changed
from cogs.oncall.rules import MOST_SHIFTS
from cogs.oncall.schedules import Schedules
from cogs.oncall.store import OnCallEntries

log = structlog.get_logger(__name__)


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


class WorkerCalendars:
    """Reads and writes calendars, one process each.

    Args:
        timezone: IANA name; where times without a zone are read.
    """

    def __init__(self, timezone: str, *, deadline_s: float = DEADLINE_S) -> None:
        self._worker = CalendarWorker(timezone, deadline_s=deadline_s)

    async def read(self, data: bytes, *, start: datetime, end: datetime, most: int) -> list[CalendarEvent]:
        """Return the events from *start* to *end*, recurring ones expanded, in order of their start.

        Raises:
            UserError: it is no calendar, or takes too long to read.
        """
        with _said():
            return await self._worker.read(data, start=start, end=end, most=most)

    async def write(self, shifts: Sequence[PlacedShift], *, name: str) -> bytes:
        """Return a calendar of *shifts*."""
        events = [
            {
                "uid": each.uid,
                "place": each.place,
                "summary": f"{each.place}: {each.person.name}",
                "handle": each.person.handle,
                "starts": each.shift.starts.isoformat(),
                "ends": each.shift.ends.isoformat(),
            }
            for each in shifts
        ]
        with _said():
            return await self._worker.write(events, name=name)


@contextmanager
def _said() -> Iterator[None]:
    """Tell the person why their file cannot be used."""
    try:
        yield
    except UnusableCalendar as error:
        if error.is_slow:
            raise UserError("oncall_file_slow") from None
        raise UserError("oncall_file_unreadable") from None


#: How far a file reaches, out and in.
EXPORTED: Final = timedelta(days=90)
IMPORTED: Final = timedelta(days=180)

#: Bytes of a file that is read: a year of twelve-hour shifts has about 300 kB.
BIGGEST: Final = 512 * 1024

#: Places per file: a button's custom id has room for seven drafts.
MOST_PLACES: Final = 7

#: People who are looked up in Discord for one file.
_MOST_LOOKUPS: Final = 20


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """The shifts of a file for one place, not yet in force.

    Attributes:
        number: Names it when it is confirmed.
        shifts: Their persons are names for people.
        formers: The people who would be on call without it, when each shift begins.
        people: By handle.
    """

    number: int
    place: str
    shifts: tuple[Shift, ...]
    formers: tuple[OnCallPerson, ...]
    people: dict[str, OnCallPerson]

    @property
    def content(self) -> Content:
        """Return the draft's people and shifts in the shape that is stored."""
        return Content({handle: person.who for handle, person in self.people.items()}, shifts=self.shifts)


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """The changes that an import would make.

    Attributes:
        unknown: Names that match no person; their events are left out.
    """

    drafts: tuple[ScheduleDraft, ...]
    unknown: tuple[str, ...]


class CalendarFiles:
    """`/oncall schedule export` and `import`."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        schedules: Schedules,
        oncall: OnCall,
        *,
        reach: Reachability,
        calendars: WorkerCalendars,
    ) -> None:
        self._store = store
        self._policy = policy
        self._schedules = schedules
        self._oncall = oncall
        self._reach = reach
        self._calendars = calendars

    async def export(self, guild_id: int, *, by: Person) -> bytes:
        """Return a calendar of the next 90 days, with the shifts that go on now.

        Raises:
            NotPermitted: *by* may not respond.
        """
        await self._schedules.require_look(by, guild_id, act="export_schedule")
        rosters, now = await self._oncall.rosters(guild_id, past=PAST)
        placed = [
            PlacedShift(_uid(guild_id, place, shift, now - PAST), place, rosters.people[shift.person], shift)
            for place, roster in rosters.places.items()
            for shift in roster.shifts(now - PAST, now + EXPORTED)
            if shift.ends > now
        ]
        return await self._calendars.write(placed, name="on-call")

    async def preview(self, guild_id: int, data: bytes, *, place: str | None, by: Person) -> ImportPreview:
        """Read a file and keep what it says as drafts; nothing changes yet.

        Args:
            place: Where its events belong; None when each event names its place, or there is only one place.

        Raises:
            NotPermitted; UserError: the file is too big, no calendar, or says nothing that can be used.
        """
        default = place or next(iter(self._policy.oncall))
        await self._schedules.require(by, guild_id, act="import_schedule", place=default)
        if len(data) > BIGGEST:
            raise UserError("oncall_file_too_big", most=BIGGEST // 1024)
        rosters, now = await self._oncall.rosters(guild_id)
        events = await self._calendars.read(data, start=now, end=now + IMPORTED, most=MOST_SHIFTS + 1)
        if len(events) > MOST_SHIFTS:
            raise UserError("oncall_file_too_many", most=MOST_SHIFTS)
        reading = _CalendarReading(guild_id, rosters, self._reach, self._policy.oncall, place)
        await reading.take(events)
        if not reading.shifts:
            raise UserError("oncall_file_empty", unknown=list(reading.unknown) or "-")
        if len(reading.shifts) > MOST_PLACES:
            raise UserError("oncall_file_places", most=MOST_PLACES)
        drafts = [await self._keep(guild_id, reading, place, rosters, by=by) for place in reading.shifts]
        return ImportPreview(tuple(drafts), tuple(reading.unknown))

    async def confirm(self, guild_id: int, numbers: Iterable[int], *, by: Person) -> Changed[list[str]]:
        """Put drafts into force; the places they are for.

        Raises:
            NotPermitted; UserError: they are in force already, or older than a day.
        """
        first = next(iter(self._policy.oncall))
        await self._schedules.require(by, guild_id, act="import_schedule", place=first)
        async with self._schedules.changes.begin(guild_id, "import_schedule", by=by) as change:
            entries = OnCallEntries(change.tx.sql)
            done = [await entries.confirm_schedule(guild_id, number, by=by) for number in numbers]
            places = [confirmed[0] for confirmed in done if confirmed is not None]
            if not places:
                raise UserError("oncall_draft_gone")
            change.facts = {"places": places}
        return Changed(places, change.number)

    async def _keep(
        self, guild_id: int, reading: "_CalendarReading", place: str, rosters: Rosters, *, by: Person
    ) -> ScheduleDraft:
        shifts = tuple(sorted(reading.shifts[place], key=lambda shift: shift.starts))
        handles = {shift.person for shift in shifts}
        people = {handle: person for handle, person in reading.people.items() if handle in handles}
        formers = [rosters.people[rosters.places[place].person_at(shift.starts)] for shift in shifts]
        draft = ScheduleDraft(0, place, shifts, tuple(formers), people)
        async with self._store.transaction() as tx:
            number = await OnCallEntries(tx.sql).add_schedule(
                guild_id, place, draft.content, by=by, draft=True
            )
        return replace(draft, number=number)


class _CalendarReading:
    """Turns the events of a file into shifts of people at places."""

    def __init__(
        self, guild_id: int, rosters: Rosters, reach: Reachability, places: Iterable[str], place: str | None
    ) -> None:
        self._guild_id = guild_id
        self._rosters = rosters
        self._reach = reach
        self._places = list(places)
        self._place = place
        self._members: dict[str, OnCallPerson | None] = {}
        self.shifts: dict[str, list[Shift]] = {}
        self.people: dict[str, OnCallPerson] = {}
        self.unknown: list[str] = []

    async def take(self, events: Sequence[CalendarEvent]) -> None:
        """Turn events into shifts, and collect the names that match no member of the server."""
        for event in events:
            place, named = self._place_of(event)
            person = await self._person(event, named)
            if person is None:
                name = _unknown(named, event.handle)
                self.unknown += [name] if name not in self.unknown else []
                continue
            handle = person.who.handle
            self.people[handle] = person
            self.shifts.setdefault(place, []).append(Shift(handle, event.starts, event.ends))

    def _place_of(self, event: CalendarEvent) -> tuple[str, str]:
        """Return an event's place, and the words that name the person: "secondary: ben", or only "ben"."""
        head, colon, rest = event.summary.partition(":")
        prefix = head.strip().lower()
        named = (rest if colon and prefix in self._places else event.summary).strip().removeprefix("@")
        if self._place is not None:
            return self._place, named
        for name in (*event.categories, prefix):
            if name in self._places:
                return name, named
        return self._places[0], named

    async def _person(self, event: CalendarEvent, named: str) -> OnCallPerson | None:
        if event.handle is not None:  # it may be anyone's text, or another server's
            return self._rosters.people.get(event.handle) or await self._member(event.handle)
        for words in (*event.attendees, named):
            wanted = words.strip().lower()
            for person in self._rosters.people.values():
                names = (person.handle, person.name, person.email or "")
                if wanted and wanted in (name.lower() for name in names):
                    return person
        return await self._member(named.lower())

    async def _member(self, handle: str) -> OnCallPerson | None:
        if handle not in self._members:
            if len(self._members) >= _MOST_LOOKUPS or not handle or " " in handle:
                return None
            member = await self._reach.member(self._guild_id, handle)
            self._members[handle] = (
                None if member is None else self._rosters.person(Who(member.id, member.username, member.name))
            )
        return self._members[handle]


def _unknown(named: str, handle: str | None) -> str:
    """Return the name in an event, with the handle: the same name may be another person's elsewhere."""
    if handle is None or handle == named:
        return named or "?"
    return f"{named} ({handle})" if named else handle


def _uid(guild_id: int, place: str, shift: Shift, since: datetime) -> str:
    """Return the UID of a shift, the same in each export; it has no start if the shift began by *since*."""
    began = "always" if shift.starts <= since else shift.starts.isoformat()
    digest = sha256(f"{guild_id}|{place}|{shift.person}|{began}".encode()).hexdigest()
    return f"{digest[:32]}@incident-bot"

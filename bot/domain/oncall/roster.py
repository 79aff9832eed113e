"""People who may be on call, and what was written down from chat about when they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.oncall.rotation import Layer, Override, Roster, Rotation, Shift
from bot.domain.people import Person

#: Digits of the shortest Discord id there can be: those of 2015 have 17.
SHORTEST_ID: Final = 17


def marked(handle: str) -> str:
    """Somebody as messages and the timeline keep them, unlike a place: "@primary"."""
    return f"@{handle}"


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody as they were when it was written down.

    Attributes:
        user_id: None for somebody whom only the policy file names, by username.
        username: Without "@".
        name: What they were called.
    """

    user_id: int | None
    username: str
    name: str

    @property
    def handle(self) -> str:
        """As `OnCallPerson.handle`, before the policy is asked whether it knows them."""
        return self.username if self.user_id is None else str(self.user_id)


@dataclass(frozen=True, slots=True)
class OnCallPerson:
    """Somebody who may be on call.

    Attributes:
        handle: Stands for them wherever people are compared: user id in digits, or username without "@".
        name: What the team calls them; shown where no mention can be.
        email: Where mail reaches them; None when it does not.
        user_id: Their Discord id where it is known, which a username alone does not tell.
    """

    handle: str
    name: str
    email: str | None = None
    user_id: int | None = None

    def is_for(self, person: Person) -> bool:
        """Whether it is *person*; a display name is anybody's to take, so it does not count."""
        if self.user_id is not None:
            return person.id == self.user_id
        return bool(person.username) and person.username.lower() == self.handle.lower()

    @property
    def mailbox(self) -> str:
        """Stands for where mail reaches them: 16 hex digits, the same in each process.

        A name is any text, and two may share one; this is fit for a header, and tells nobody the address.
        """
        return sha256((self.email or self.handle).lower().encode()).hexdigest()[:16]

    @property
    def who(self) -> Who:
        """As it is written down."""
        user_id = self.user_id or id_of(self.handle)
        return Who(user_id, self.handle if id_of(self.handle) is None else "", self.name)


def id_of(handle: str) -> int | None:
    """The user id that a handle is, or None when it is a username.

    Ids have 17 digits and more; a username may be digits too, but nobody chooses that many.
    """
    return int(handle) if handle.isdigit() and len(handle) >= SHORTEST_ID else None


@dataclass(frozen=True, slots=True)
class NewOverride:
    """Somebody stands in at a place; *starts* < *ends*, both aware."""

    place: str
    who: Who
    starts: datetime
    ends: datetime
    reason: str = ""
    is_swap: bool = False


@dataclass(frozen=True, slots=True)
class StoredOverride:
    """An override as written down.

    Attributes:
        at: When it was written down: what one commit wrote has one moment.
        ended_at: When somebody took it back; it counts until then.
    """

    id: int
    place: str
    who: Who
    starts: datetime
    ends: datetime
    reason: str
    is_swap: bool
    by_id: int
    by_name: str
    at: datetime
    ended_at: datetime | None = None

    def is_half_with(self, other: "StoredOverride") -> bool:
        """Whether they are the two halves of one swap."""
        of_swap = self.is_swap and other.is_swap and self.id != other.id
        return of_swap and (self.at, self.by_id) == (other.at, other.by_id)

    @property
    def until(self) -> datetime:
        """When it ceases to count, aware; not later than it begins when it never did."""
        return self.ends if self.ended_at is None else min(self.ends, self.ended_at)


@dataclass(frozen=True, slots=True)
class Content:
    """Who stands at a place: one person, people who take turns, or shifts as they were imported.

    Attributes:
        people: Everybody it names, by `Who.handle`.
        person: A handle.
        rotation: Its people are handles.
        shifts: Their persons are handles; in order of their start.
    """

    people: Mapping[str, Who]
    person: str | None = None
    rotation: Rotation | None = None
    shifts: tuple[Shift, ...] = ()

    def renamed(self, handles: Mapping[str, str]) -> "Content":
        """The same with other handles."""
        rotation = self.rotation
        if rotation is not None:
            rotation = replace(rotation, people=tuple(handles[person] for person in rotation.people))
        return Content(
            people={handles[handle]: who for handle, who in self.people.items()},
            person=None if self.person is None else handles[self.person],
            rotation=rotation,
            shifts=tuple(replace(shift, person=handles[shift.person]) for shift in self.shifts),
        )

    def person_at(self, at: datetime) -> str | None:
        """Who it says, or None; of two imported shifts at once the one that began later counts."""
        if self.person is not None:
            return self.person
        if self.rotation is not None:
            return self.rotation.person_at(at)
        standing = [shift.person for shift in self.shifts if shift.starts <= at < shift.ends]
        return standing[-1] if standing else None

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Every moment in (start, end) at which the answer might change."""
        if self.rotation is not None:
            yield from self.rotation.handovers(start, end)
        for shift in self.shifts:
            yield from (at for at in (shift.starts, shift.ends) if start < at < end)


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """What was set for a place until further notice.

    Attributes:
        starts: In force since then, aware.
        ended_at: When somebody took it back.
    """

    id: int
    place: str
    content: Content
    by_name: str
    starts: datetime
    ended_at: datetime | None = None

    def person_at(self, at: datetime, _hours: BusinessHours) -> str | None:
        """Who it says, or None when it is not in force or does not say."""
        is_over = self.ended_at is not None and at >= self.ended_at
        return None if at < self.starts or is_over else self.content.person_at(at)

    def edges(self, start: datetime, end: datetime, _hours: BusinessHours) -> Iterator[datetime]:
        """Every moment in (start, end) at which its answer might change."""
        yield from (at for at in (self.starts, self.ended_at) if at is not None and start < at < end)
        yield from self.content.edges(start, end)


@dataclass(frozen=True, slots=True)
class Book:
    """What was written down from chat for one guild, in the order in which it was."""

    overrides: Sequence[StoredOverride] = ()
    schedules: Sequence[StoredSchedule] = ()

    def people(self) -> Iterator[Who]:
        """Everybody it names, perhaps several times."""
        yield from (override.who for override in self.overrides)
        for schedule in self.schedules:
            yield from schedule.content.people.values()


@dataclass(frozen=True, slots=True)
class Rosters:
    """Who stands at each place of a guild's on-call order, at any moment.

    Overrides go over what was set from chat, which goes over the policy file's layers and person.

    Attributes:
        places: By name, in the order of asking; their persons are handles.
        people: By handle.
    """

    places: Mapping[str, Roster]
    people: Mapping[str, OnCallPerson]

    def at(self, at: datetime) -> dict[str, OnCallPerson]:
        """Who stands where at *at* (aware)."""
        return {place: self.people[roster.person_at(at)] for place, roster in self.places.items()}

    def person(self, who: Who) -> OnCallPerson:
        """Somebody of the book as the policy knows them, or as they were written down."""
        return _recognised(who, self.people.values())

    def changes(self, start: datetime, end: datetime) -> list[datetime]:
        """The moments in (start, end) at which somebody else comes on anywhere, in order."""
        found = {shift.starts for roster in self.places.values() for shift in roster.shifts(start, end)[1:]}
        return sorted(found)


def rosters(
    places: Mapping[str, tuple[OnCallPerson, Sequence[Layer]]],
    known: Iterable[OnCallPerson],
    book: Book,
    *,
    hours: BusinessHours,
) -> Rosters:
    """Put the policy and the book together.

    Args:
        places: The policy's: whoever stands there when nothing says otherwise, and its layers.
        known: Everybody whom the policy names: somebody from the book is one of them where they are the same.
        hours: When the team works.
    """
    people = {person.handle: person for person in known}
    handles: dict[str, str] = {}
    for who in book.people():
        person = _recognised(who, people.values())
        people[person.handle] = person
        handles[who.handle] = person.handle
    made = {
        place: Roster(
            always=person.handle,
            hours=hours,
            layers=[*layers, *(_schedule(each, handles) for each in book.schedules if each.place == place)],
            overrides=[_override(each, handles) for each in book.overrides if _counts(each, place)],
        )
        for place, (person, layers) in places.items()
    }
    return Rosters(made, people)


def _recognised(who: Who, known: Iterable[OnCallPerson]) -> OnCallPerson:
    """The policy's own person, now with the id that Discord gave; else a new one."""
    as_person = Person(id=who.user_id or 0, name=who.name, username=who.username)
    for person in known:
        if person.is_for(as_person):
            return person if who.user_id is None else replace(person, user_id=who.user_id)
    return OnCallPerson(handle=who.handle, name=who.name, user_id=who.user_id)


def _schedule(schedule: StoredSchedule, handles: Mapping[str, str]) -> StoredSchedule:
    return replace(schedule, content=schedule.content.renamed(handles))


def _counts(override: StoredOverride, place: str) -> bool:
    return override.place == place and override.starts < override.until


def _override(override: StoredOverride, handles: Mapping[str, str]) -> Override:
    return Override(handles[override.who.handle], override.starts, override.until)


@dataclass(frozen=True, slots=True)
class Watch:
    """What was told of a guild's on-call, and when somebody must look again.

    Attributes:
        standing: Place -> handle, as it was told last.
        told: How many handovers have been told.
        checked: Coming shifts whose people were looked at (see `services/oncall/handovers`).
        next_at: Aware.
        look_at: When those whose shift has no end are looked at next, aware; None until it is first decided.
        lacking: Handle -> what they lacked at the last look, and were warned of (`oncall/readiness`).
    """

    guild_id: int
    standing: Mapping[str, str]
    told: int
    checked: tuple[str, ...]
    next_at: datetime
    look_at: datetime | None = None
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

"""The overrides and schedules that were recorded from chat, and who is on call by them and the policy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.oncall.people import Duty, DutyKind, NotifySettings, OnCallPerson, Who
from bot.domain.oncall.rotation import Cover, Layer, Roster, Rotation, Shift, Unit
from bot.domain.people import Person


@dataclass(frozen=True, slots=True)
class NewOverride:
    """An override to record: a person covers an on-call place; *starts* < *ends*, both aware."""

    place: str
    who: Who
    starts: datetime
    ends: datetime
    reason: str = ""
    is_swap: bool = False


@dataclass(frozen=True, slots=True)
class StoredOverride:
    """A recorded override.

    Attributes:
        at: When it was recorded; overrides of one commit have the same moment.
        ended_at: When it was withdrawn; it counts until then.
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
        """Return True if the two overrides are the halves of one swap."""
        of_swap = self.is_swap and other.is_swap and self.id != other.id
        return of_swap and (self.at, self.by_id) == (other.at, other.by_id)

    @property
    def until(self) -> datetime:
        """Return when the layer ends, aware. If it never counted, that is not after its start."""
        return self.ends if self.ended_at is None else min(self.ends, self.ended_at)


@dataclass(frozen=True, slots=True)
class Content:
    """The holders of a place: one person, a rotation, or imported shifts.

    Attributes:
        people: All people it names, by `Who.handle`.
        person: A handle.
        rotation: Its people are handles.
        shifts: Their persons are handles; in order of their start.
    """

    people: Mapping[str, Who]
    person: str | None = None
    rotation: Rotation | None = None
    shifts: tuple[Shift, ...] = ()

    def renamed(self, handles: Mapping[str, str]) -> "Content":
        """Return the same content with each handle replaced as in *handles*."""
        rotation = self.rotation
        if rotation is not None:
            rotation = replace(rotation, people=tuple(handles[person] for person in rotation.people))
        return Content(
            people={handles[handle]: who for handle, who in self.people.items()},
            person=None if self.person is None else handles[self.person],
            rotation=rotation,
            shifts=tuple(replace(shift, person=handles[shift.person]) for shift in self.shifts),
        )

    def to_json(self) -> dict[str, object]:
        """Return the content as it is stored."""
        rotation = self.rotation
        return {
            "people": {handle: asdict(who) for handle, who in self.people.items()},
            "person": self.person,
            "rotation": None if rotation is None else _rotation_as_json(rotation),
            "shifts": [
                {"person": each.person, "starts": each.starts.isoformat(), "ends": each.ends.isoformat()}
                for each in self.shifts
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> "Content":
        """Read the content that `to_json` wrote."""
        people, rotation, shifts = kept["people"], kept["rotation"], kept["shifts"]
        assert isinstance(people, Mapping)
        assert isinstance(shifts, list)
        return cls(
            people={handle: Who(**who) for handle, who in people.items()},
            person=None if kept["person"] is None else str(kept["person"]),
            rotation=_rotation_from_json(rotation) if isinstance(rotation, Mapping) else None,
            shifts=tuple(
                Shift(
                    each["person"],
                    datetime.fromisoformat(each["starts"]),
                    datetime.fromisoformat(each["ends"]),
                )
                for each in shifts
            ),
        )

    def person_at(self, at: datetime) -> str | None:
        """Return the holder at *at*, or None; of two overlapping imported shifts the later start wins."""
        if self.person is not None:
            return self.person
        if self.rotation is not None:
            return self.rotation.person_at(at)
        standing = [shift.person for shift in self.shifts if shift.covers(at)]
        return standing[-1] if standing else None

    def duty_at(self, at: datetime) -> Duty | None:
        """Return the holder at *at* with the turn or shift that makes them so; None if there is none."""
        if self.person is not None:
            return Duty(kind=DutyKind.PERSON, who=self.person)
        if self.rotation is not None:
            return self.rotation.duty_at(at, DutyKind.ROTATION)
        found = [shift for shift in self.shifts if shift.covers(at)][-1:]
        made = (
            Duty(kind=DutyKind.CALENDAR, who=one.person, since=one.starts, until=one.ends) for one in found
        )
        return next(made, None)

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield every moment in (start, end) at which the holder might change."""
        if self.rotation is not None:
            yield from self.rotation.handovers(start, end)
        for shift in self.shifts:
            yield from (at for at in (shift.starts, shift.ends) if start < at < end)


def _rotation_as_json(rotation: Rotation) -> dict[str, object]:
    return {
        "people": list(rotation.people),
        "every": rotation.every,
        "unit": rotation.unit.value,
        "starts_on": rotation.starts_on.isoformat(),
        "handover": rotation.handover.isoformat("minutes"),
        "timezone": rotation.timezone.key,
    }


def _rotation_from_json(kept: Mapping[str, object]) -> Rotation:
    people = kept["people"]
    assert isinstance(people, list)
    return Rotation(
        people=tuple(people),
        every=int(str(kept["every"])),
        unit=Unit(str(kept["unit"])),
        starts_on=date.fromisoformat(str(kept["starts_on"])),
        handover=time.fromisoformat(str(kept["handover"])),
        timezone=ZoneInfo(str(kept["timezone"])),
    )


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """A schedule that was set for a place until further notice.

    Attributes:
        starts: In force since then, aware.
        ended_at: When it was withdrawn.
    """

    id: int
    place: str
    content: Content
    by_name: str
    starts: datetime
    ended_at: datetime | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Return who takes turns or has an imported shift; none if it is one person."""
        if self.rotation is not None:
            return self.rotation.people
        return tuple(dict.fromkeys(shift.person for shift in self.content.shifts))

    @property
    def rotation(self) -> Rotation | None:
        """Return the rule by which people take turns, if there is one."""
        return self.content.rotation

    def person_at(self, at: datetime, _hours: BusinessHours) -> str | None:
        """Return the holder at *at*; None if it is not in force or names no one."""
        is_over = self.ended_at is not None and at >= self.ended_at
        return None if at < self.starts or is_over else self.content.person_at(at)

    def duty_at(self, at: datetime, hours: BusinessHours) -> Duty | None:
        """Return the holder with what makes them so, and who recorded it; None if it names no one."""
        duty = None if self.person_at(at, hours) is None else self.content.duty_at(at)
        if duty is None:
            return None
        return replace(duty, by=self.by_name, since=max(duty.since or self.starts, self.starts))

    def edges(self, start: datetime, end: datetime, _hours: BusinessHours) -> Iterator[datetime]:
        """Yield every moment in (start, end) at which its holder might change."""
        yield from (at for at in (self.starts, self.ended_at) if at is not None and start < at < end)
        yield from self.content.edges(start, end)


@dataclass(frozen=True, slots=True)
class Book:
    """The overrides and schedules recorded from chat for one guild, in the order of recording.

    Attributes:
        notify: How people want to be paged outside Discord.
    """

    overrides: Sequence[StoredOverride] = ()
    schedules: Sequence[StoredSchedule] = ()
    notify: Sequence[NotifySettings] = ()

    def set_for(self, place: str) -> list[StoredSchedule]:
        """Return the schedules that were set for *place*, the earliest first."""
        return [schedule for schedule in self.schedules if schedule.place == place]

    def without_schedules(self, place: str) -> "Book":
        """Return the book as it is once the schedules of *place* have been cleared."""
        return replace(self, schedules=[each for each in self.schedules if each.place != place])

    def people(self) -> Iterator[Who]:
        """Yield all people it names, perhaps several times."""
        yield from (override.who for override in self.overrides)
        for schedule in self.schedules:
            yield from schedule.content.people.values()


@dataclass(frozen=True, slots=True)
class Rosters:
    """The holders of each place in a guild's on-call order, at any moment.

    Overrides beat schedules set from chat. Those beat the policy file's layers and person.

    Attributes:
        places: By name, in the on-call order; their persons are handles.
        people: By handle.
    """

    places: Mapping[str, Roster]
    people: Mapping[str, OnCallPerson]

    def at(self, at: datetime) -> dict[str, OnCallPerson]:
        """Return the holder of each place at *at* (aware), with what puts them there."""
        duties = {place: roster.duty_at(at) for place, roster in self.places.items()}
        return {place: replace(self.people[duty.who], duty=duty) for place, duty in duties.items()}

    def person(self, who: Who) -> OnCallPerson:
        """Return a person of the book as the policy knows them, else as they were recorded."""
        return _recognised(who, self.people.values())

    def changes(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the moments in (start, end) at which any place changes its holder, in order."""
        found = {shift.starts for roster in self.places.values() for shift in roster.shifts(start, end)[1:]}
        return sorted(found)


def rosters(
    places: Mapping[str, tuple[OnCallPerson, Sequence[Layer]]],
    known: Iterable[OnCallPerson],
    book: Book,
    *,
    hours: BusinessHours,
) -> Rosters:
    """Combine the policy and the book.

    Args:
        places: The policy's places: the default holder of each, and its layers.
        known: All people whom the policy names. A person of the book is matched with them.
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
    return Rosters(made, {handle: _with_settings(who, book.notify) for handle, who in people.items()})


def _recognised(who: Who, known: Iterable[OnCallPerson]) -> OnCallPerson:
    """Return the policy's matching person, with the id that Discord gave; else a new person."""
    as_person = Person(id=who.user_id or 0, name=who.name, username=who.username)
    for person in known:
        if person.is_for(as_person):
            return person if who.user_id is None else replace(person, user_id=who.user_id)
    return OnCallPerson(handle=who.handle, name=who.name, user_id=who.user_id)


def _with_settings(person: OnCallPerson, settings: Iterable[NotifySettings]) -> OnCallPerson:
    """Return *person* with what they have set themselves, if they have."""
    for own in settings:
        if person.is_for(Person(id=own.user_id, name=own.username, username=own.username)):
            return replace(person, notify=own)
    return person


def _schedule(schedule: StoredSchedule, handles: Mapping[str, str]) -> StoredSchedule:
    return replace(schedule, content=schedule.content.renamed(handles))


def _counts(override: StoredOverride, place: str) -> bool:
    return override.place == place and override.starts < override.until


def _override(override: StoredOverride, handles: Mapping[str, str]) -> Cover:
    who, is_swap = handles[override.who.handle], override.is_swap
    return Cover(who, override.starts, override.until, by=override.by_name, is_swap=is_swap)

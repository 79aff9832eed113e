"""Who is on call at which place, from the policy file and what was recorded from chat."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.oncall.book import Book, StoredOverride, StoredSchedule
from bot.domain.oncall.notify import NotifySettings
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.oncall.rotation import Cover, Layer, Roster
from bot.domain.people import Person


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

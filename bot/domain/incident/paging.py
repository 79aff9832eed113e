"""Who was paged about an incident, who cannot respond, and who comes next in the on-call order."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.incident.entries import DeclinedEntry
from bot.domain.oncall.people import OnCallPerson, marked
from bot.domain.payloads import UNSET
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind

#: Person -> how many DMs have reached them; and the people whom no DM has reached.
Reached: TypeAlias = tuple[Mapping[str, int], tuple[str, ...]]


def declined(entries: Iterable[TimelineEntry]) -> tuple[int, dict[str, str | None]]:
    """Return the number of the running ladder, from 0, and its declines: person -> who was asked next."""
    history = list(entries)
    ladder = sum(entry.kind is TimelineKind.SEVERITY_CHANGED for entry in history)  # each begins another
    declines = (entry.data for entry in history if entry.kind is TimelineKind.DECLINED and entry.data)
    # Entries of an older version name no ladder; they count for the first.
    own = [one for one in map(DeclinedEntry.from_json, declines) if one.ladder == ladder]
    return ladder, {str(one.asked or one.place): None if one.to is UNSET else one.to for one in own}


def next_place(holders: Mapping[str, OnCallPerson], passed: Collection[str]) -> str | None:
    """Return the first place in the on-call order whose person is not *passed* over at any place."""
    people = {holders[name].handle for name in passed if name in holders}  # as they were noted once
    free = (
        place
        for place, person in holders.items()
        if marked(person.handle) not in passed and person.handle not in people
    )
    return next(free, None)


def reached(pages: Iterable[Delivery]) -> Reached:
    """Return how many DMs reached each person, and the people whom none has reached."""
    sent = list(pages)
    arrived = Counter(person_of(page) for page in sent if page.status is DeliveryStatus.SENT)
    failed = {person_of(page) for page in sent if page.status is DeliveryStatus.FAILED}
    return dict(arrived), tuple(sorted(failed - set(arrived)))


def since(pages: Iterable[Delivery], starts_at: datetime | None) -> list[Delivery]:
    """Return those of *pages* that belong to the ladder which began at *starts_at*; None: all of them."""
    return [page for page in pages if starts_at is None or page.created_at >= starts_at]


def place_of(page: Delivery) -> str:
    """Return the on-call place that a page is for."""
    return page.to.removeprefix("person:")


def person_of(page: Delivery) -> str:
    """Return the person that a page was for, or the place while its holder is not known."""
    recipient = None if page.request is None else page.request.recipient
    return place_of(page) if recipient is None else marked(recipient)


def asked_of(page: Delivery, holders: Mapping[str, OnCallPerson]) -> str:
    """Return the person of a page that was sent; for an unsent page, the current holder of its place."""
    person = person_of(page)
    return marked(holders[person].handle) if person in holders else person


def answering(by: Person, holders: Mapping[str, OnCallPerson]) -> tuple[str | None, str]:
    """Return place and person of an answer to a DM that is not on record: the sending process died.

    A person who has no place in the on-call order by now is identified by their Discord id.
    """
    places = (place for place, person in holders.items() if person.is_for(by))
    place = next(places, None)
    return place, marked(str(by.id) if place is None else holders[place].handle)

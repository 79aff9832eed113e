"""Pages: whom they reached, which are bundled in a storm, and which go outside Discord."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from bot.domain.delivery.delivery import PATIENCE, Delivery, DeliveryStatus, NewDelivery
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.records import DeclinedEntry
from bot.domain.oncall.people import OnCallPerson, marked
from bot.domain.paging import SYSTEMS, Also, Way
from bot.domain.payloads import UNSET
from bot.domain.people import Person
from bot.domain.severity import LadderStep, SeverityPolicy
from bot.domain.timeline.entries import TimelineEntry, TimelineKind

#: Person -> how many DMs have reached them; and the people whom no DM has reached.
Reached: TypeAlias = tuple[Mapping[str, int], tuple[str, ...]]


def declined(entries: Iterable[TimelineEntry]) -> tuple[int, dict[str, str | None]]:
    """Return the number of the running ladder, from 0, and its declines: person -> who was asked next."""
    history = list(entries)
    # Each of them begins another, as in `incidents.sql`.
    ladder = sum(
        entry.kind is TimelineKind.SEVERITY_CHANGED or entry.kind.spec.hands_over for entry in history
    )
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


#: The systems of a way to one person.
_SYSTEMS: Final = {also: systems for also, systems in SYSTEMS.items() if also.is_personal}


@dataclass(frozen=True, slots=True)
class OutsidePage:
    """A page to queue.

    Attributes:
        place: The on-call place whose person it is for; None: it goes out once for the incident.
        wait: How long it waits for an acknowledgement first.
    """

    way: Way
    place: str | None = None
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class OutsideRules:
    """What decides about the pages of a step.

    Attributes:
        is_mailed: An email goes to everybody with this step in any case.
        timezone: Of people's quiet hours.
    """

    severity: SeverityPolicy
    is_mailed: bool
    timezone: ZoneInfo

    def pages(
        self, rung: LadderStep, called: Mapping[str, OnCallPerson], *, now: datetime
    ) -> list[OutsidePage]:
        """Return the pages of a step that is taken at *now*: each person's, then the incident's own."""
        own = [page for place, who in called.items() for page in self._to(place, who, rung, now=now)]
        return [
            *own,
            *(OutsidePage(way) for also in rung.also if not also.is_personal for way in SYSTEMS[also]),
        ]

    def _to(self, place: str, who: OnCallPerson, rung: LadderStep, *, now: datetime) -> Iterator[OutsidePage]:
        """Yield a person's pages: at once what the step names, after their own wait what they chose."""
        chosen = () if who.notify is None else who.notify.ways
        for also, systems in _SYSTEMS.items():
            if also not in rung.also and also not in chosen:
                continue
            if also is Also.EMAIL and self.is_mailed:
                continue
            at = now if who.notify is None or also in rung.also else now + who.notify.wait
            if who.notify is not None and who.notify.quiet is not None and self.severity.quiet_hours:
                at = max(at, who.notify.quiet.end_after(at, self.timezone))
            wait = at - now
            if also is Also.EMAIL and self.severity.email_backup:
                wait = max(wait, PATIENCE)  # by then it is known if Discord is away, and an email goes anyway
            yield from (OutsidePage(way, place, wait) for way in systems if who.address(way) is not None)


def reachable_by(who: OnCallPerson) -> list[Way]:
    """Return the ways by which a person can be reached."""
    return [way for systems in _SYSTEMS.values() for way in systems if who.address(way) is not None]


#: How many incidents a bundle lists by name; Discord: options in a select menu.
LISTED: Final = 25

#: How long after its start a bundle waits for undecided steps that may belong in it: first for steps that
#: were due by its start, then for steps that came due later. Sending a bundle writes each of its deliveries
#: twice. Among thousands of steps that delays deciding the others, and these then need another message.
_FOR_ITS_OWN: Final = timedelta(seconds=4.5)
_FOR_LATER: Final = timedelta(seconds=2.5)


@dataclass(frozen=True, slots=True)
class Group:
    """Deliveries that one message may report together: of the same kind and severity, to the same people.

    Attributes:
        mention: The mention that the ladder's step asks for; "none" for DMs.
    """

    guild_id: int
    kind: AnyDeliveryKind
    to: str
    severity: str
    mention: str
    priority: int


@dataclass(frozen=True, slots=True)
class Bundled:
    """A delivery that a bundle reports."""

    id: int
    incident_id: int
    kind: AnyDeliveryKind
    to: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """The content of a bundle at one moment.

    Attributes:
        id: The id of its own delivery.
        kind: The kind of the deliveries that it replaces.
        count: The number of incidents that it reports.
        waiting: How many of these have no acknowledgement.
        shown: The waiting incidents, longest wait first, at most `LISTED`.
        now: The moment.
    """

    id: int
    kind: AnyDeliveryKind
    severity: str
    mention: str
    count: int
    waiting: int
    shown: tuple[Incident, ...]
    now: datetime


def group_of(owed: NewDelivery, incident: Incident) -> Group | None:
    """Return the group that a delivery may be bundled in; None if it needs a message of its own.

    A private incident and a drill each need their own message. So does a delivery that waits for another one
    (a thread for instance), because it goes to a place of its own.
    """
    apart = incident.is_private or incident.is_drill or incident.status is not Status.TRIGGERED
    if not owed.kind.spec.is_paging or apart or owed.after is not None:
        return None
    is_page = owed.kind is DeliveryKind.PAGE
    return Group(
        guild_id=owed.guild_id,
        kind=owed.kind,
        to=owed.to,
        severity=incident.severity,
        mention="none" if is_page else PagingData.from_json(owed.data).mention or "none",
        priority=owed.priority,
    )


def to_bundle(owed: Sequence[tuple[NewDelivery, Incident]], *, bundle_from: int) -> Mapping[str, Group]:
    """Return the deliveries to bundle, key -> group: those whose group has *bundle_from* or more.

    Args:
        bundle_from: >= 2.
    """
    groups = {new.key: group for new, incident in owed if (group := group_of(new, incident)) is not None}
    sizes = Counter(groups.values())
    return {key: group for key, group in groups.items() if sizes[group] >= bundle_from}


def may_grow(begun_at: datetime, *, due_since: datetime | None, now: datetime) -> bool:
    """Return True if a bundle should wait for more deliveries.

    Args:
        due_since: When a step that is not decided yet came due; None: there is none.
    """
    if due_since is None:
        return False
    return now - begun_at < (_FOR_ITS_OWN if due_since <= begun_at else _FOR_LATER)

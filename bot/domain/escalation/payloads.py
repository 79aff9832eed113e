"""What deliveries, entries and notices say of an escalation."""

from datetime import datetime

from bot.domain.delivery.delivery import Notice
from bot.domain.escalation.ladder import Why
from bot.domain.incident.incident import Incident, PersonRef, Status
from bot.domain.oncall.people import Duty
from bot.domain.paging import Way
from bot.domain.payloads import UNSET, Payload, Unset
from bot.domain.timeline.entries import EntryData, TimelineKind


class NextStep(Payload):
    """The ladder's next step, unless someone answers before it.

    Attributes:
        dm: The on-call places that it pages.
        mention: As `Mention` has it.
        also: The ways beside Discord that it names, as `Also` has them.
    """

    dm: tuple[str, ...]
    mention: str
    due_at: datetime
    also: tuple[str, ...] = ()


class PagingData(Payload):
    """A page or an escalation. One that belongs to no step of the ladder has only some of this.

    Attributes:
        waited_s: Seconds since the incident was triggered.
        step: The number of the step.
        severity: The one whose ladder queued it; another severity has its own deadline.
        told: Person -> how many DMs have reached them.
        unreached: People whom no DM has reached.
        dm: People whom the step pages.
        mention: As `Mention` has it.
        next: The next step; None: this is the last one.
        overdue: When earlier steps were due that this one covers.
        why: Why it comes before its time.
        declined_by: The name of the person who cannot respond, in the DM to the next one.
        emails: An email goes out with it.
        way: Of a page outside Discord.
        instead: The ways that have failed, for the same person, before this one.
        duty: What put the person on call whom this page was queued for.
    """

    waited_s: float
    step: int | None = None
    severity: str | None = None
    told: dict[str, int] | None = None
    unreached: tuple[str, ...] | None = None
    dm: tuple[str, ...] | None = None
    mention: str | None = None
    next: NextStep | Unset | None = UNSET
    overdue: tuple[datetime, ...] = ()
    why: Why | None = None
    declined_by: str | None = None
    emails: bool = False
    duty: Duty | None = None
    way: Way | None = None
    instead: tuple[Way, ...] = ()


class BundleData(Payload):
    """A bundle: one message in the place of many. The next delivery finds it by the same data.

    Attributes:
        of: The kind of the deliveries that it replaces.
        mention: As `Mention` has it.
    """

    of: str
    severity: str
    mention: str


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
        to: The responder who has it now.
        asked: The holders of roles and those who joined with one, who were asked to take it.
    """

    resumed: bool
    to: PersonRef | None = None
    asked: tuple[PersonRef, ...] = ()


class LapsedEntry(EntryData, kind=TimelineKind.LAPSED):
    """The acknowledge ended, because the responder did not answer a reminder.

    Attributes:
        asked: The other responders and the holders of roles, who were asked to take the incident.
    """

    who: str | None
    asked: tuple[PersonRef, ...] = ()


class OfferDm(Payload):
    """The DM to a person who has the incident now, or is asked to take it.

    Attributes:
        holder_id, holder: Its reader.
        by: The name of the person who had the incident.
        at: When that person let go, or their acknowledge lapsed.
        lapsed: Their acknowledge lapsed.
        handed: The reader has the incident; else they are asked.
    """

    holder_id: int
    holder: str
    by: str
    at: datetime
    lapsed: bool = False
    handed: bool = False


def is_due(dm: OfferDm, incident: Incident) -> bool:
    """Return True while what the DM says is true: its reader owns the incident, or it has no owner."""
    if dm.handed:
        return incident.is_open and incident.owner.id == dm.holder_id
    return incident.status is Status.TRIGGERED and incident.owner.since == dm.at


class DeclinedNotice(Notice, name="declined"):
    """A person on call cannot respond.

    Attributes:
        to: The on-call place that is paged instead; None: no place is left.
    """

    to: str | None


class UnreachedNotice(Notice, name="unreached"):
    """No DM reaches a person on call.

    Attributes:
        who: The person, as `Wording.on_call` takes it.
        to: As in `DeclinedNotice`.
    """

    who: str
    to: str | None


class OfferDeclinedNotice(Notice, name="offer_declined"):
    """A person who was asked to take the incident cannot."""


class ReleasedNotice(Notice, name="released"):
    """The responder has let the incident go.

    Attributes:
        asked: Who is asked to take it.
        gone: They did not do so themselves: they were removed from it, or have left the server.
    """

    asked: tuple[PersonRef, ...] = ()
    gone: bool = False


class LapsedNotice(Notice, name="lapsed"):
    """The responder did not answer a reminder; the notice's `by` names them.

    Attributes:
        asked: As in `ReleasedNotice`.
    """

    asked: tuple[PersonRef, ...] = ()


class TakenOverNotice(Notice, name="taken_over"):
    """Another responder has the acknowledgement now.

    Attributes:
        to, to_id: The new one; 0 for a person without an account.
        gone: As in `ReleasedNotice`, of the one before.
    """

    to: str
    to_id: int
    gone: bool = False

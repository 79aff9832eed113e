"""The facts that a postmortem begins with, as they were read at one moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.action_items import ActionItem
from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.incident.aftermath import Postmortem, Resolution
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import marked
from bot.domain.timeline.entries import TimelineKind
from bot.domain.timeline.lines import Line


class CallOutcome(StrEnum):
    """What became of a DM to a person on call."""

    ARRIVED = "arrived"
    EMAILED = "emailed"  # the DM did not arrive; an email in its place was accepted
    FAILED = "failed"
    NOT_NEEDED = "not_needed"  # a person acknowledged before it was sent
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class PostmortemCall:
    """A person who was called.

    Attributes:
        place: The on-call place that they held, or their handle if the ladder names a person.
        handle: The person; None if none was recorded.
        asked_at: When the ladder called them.
        arrived_at: When the DM arrived; None: it has not.
    """

    place: str
    handle: str | None
    asked_at: datetime
    outcome: CallOutcome
    arrived_at: datetime | None = None

    @property
    def who(self) -> str:
        """Return the person, or else the place, as `Wording.on_call` takes it."""
        return self.place if self.handle is None else marked(self.handle)


@dataclass(frozen=True, slots=True)
class PostmortemFacts:
    """The facts of one incident; the same facts make the same document.

    Attributes:
        lines: The timeline, oldest first, without the numbers of private incidents.
        called: Whom the ladder has called, by time.
        resolution: How it was resolved; None: nothing was said.
        postmortem: Who owes it, and by when; None: none is required.
        actions: Its action items, in the order in which they were added.
        read_at: When they were read; the document does not depend on it.
        draft_wanted: How often the draft of an owed postmortem had been asked for by then.
    """

    incident: Incident
    lines: tuple[Line, ...]
    called: tuple[PostmortemCall, ...]
    read_at: datetime
    resolution: Resolution | None = None
    postmortem: Postmortem | None = None
    actions: tuple[ActionItem, ...] = ()
    draft_wanted: int = 0

    @property
    def took_to_notice(self) -> timedelta:
        """Return the time from the start of the trouble to the alert."""
        return max(self.incident.triggered_at - self.incident.started_at, timedelta())

    @property
    def took_to_resolve(self) -> timedelta | None:
        """Return the time from the alert to the end; None while the incident is open. MTTR's definition."""
        ended = self.incident.ended
        return None if ended is None else ended.at - self.incident.triggered_at

    @property
    def updates(self) -> int:
        """Return the number of status updates."""
        return sum(line.entry.is_update for line in self.lines)

    @property
    def broken_promises(self) -> int:
        """Return how many status updates were due and had to be asked for.

        A reminder that is repeated is about the same update: it counts once.
        """
        kinds = [line.entry.kind for line in self.lines if line.entry.kind in _PROMISES]
        before = [None, *kinds]
        return sum(
            kind is TimelineKind.UPDATE_DUE and last is not TimelineKind.UPDATE_DUE
            for last, kind in zip(before, kinds, strict=False)
        )


_PROMISES = frozenset({TimelineKind.UPDATED, TimelineKind.UPDATE_DUE})


def called_by(pages: Iterable[Delivery]) -> tuple[PostmortemCall, ...]:
    """Return whom *pages*, the DMs of an incident's ladder in any state, have called, by time."""
    found = [_called(page) for page in pages]
    return tuple(sorted(found, key=lambda one: (one.asked_at, one.place)))


def _called(page: Delivery) -> PostmortemCall:
    _, _, place = page.to.partition(":")
    outcome = _outcome(page)
    arrived_at = page.finished_at if outcome is CallOutcome.ARRIVED else None
    return PostmortemCall(place, page.recipient, page.created_at, outcome, arrived_at)


def _outcome(page: Delivery) -> CallOutcome:
    match page.status:
        case DeliveryStatus.SENT:
            return CallOutcome.ARRIVED
        case DeliveryStatus.CANCELLED:
            return CallOutcome.NOT_NEEDED
        case DeliveryStatus.FAILED:
            return CallOutcome.EMAILED if page.has_email else CallOutcome.FAILED
        case DeliveryStatus.PENDING | DeliveryStatus.SENDING:
            return CallOutcome.WAITING


def acting(lines: Iterable[Line]) -> Iterator[tuple[int | None, str]]:
    """Yield id and name of the people who act on the timeline, in the order in which they do."""
    for line in lines:
        for entry in (line.entry, *line.corrections):
            if entry.actor_name is not None:
                yield entry.actor_id, entry.actor_name

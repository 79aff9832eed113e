"""What the fake store knows: one value per table, copied for each transaction."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from bot.domain.alerts.question import Question
from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.dlq import ReplayRecord
from bot.domain.drill import Drill
from bot.domain.escalation.ladder import Step
from bot.domain.incident.incident import Holder, Incident
from bot.domain.incident.transitions import AckVia
from bot.domain.installation import Installation
from bot.domain.morning import Morning
from bot.domain.privacy import RemovedMember
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.session import Choice, StoredAnswer, Triage
from bot.domain.triage.unfinished import SignOfLife
from bot.services.ports import Job
from tests.fakes.emergency import Mirrors
from tests.fakes.oncall_state import OnCallState

INSTALLATION = Installation(id="test", link_key="a test's key")


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job and when it is due."""

    job: Job
    due_at: datetime
    order: int


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery with the columns that the domain does not show."""

    delivery: Delivery
    after: str | None
    next_try_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody on an incident's list of responders."""

    name: str
    via: AckVia
    joined_at: datetime
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A refusal or a change, as recorded."""

    at: datetime
    guild_id: int
    actor_id: int
    actor_name: str
    action: str
    allowed: bool
    data: dict[str, object]


@dataclass(slots=True)
class State:
    """The tables."""

    installation: Installation = INSTALLATION
    used_links: set[str] = field(default_factory=set)
    mirrors: Mirrors = field(default_factory=Mirrors)
    incidents: dict[int, Incident] = field(default_factory=dict)
    incident_keys: dict[str, int] = field(default_factory=dict)
    responders: dict[tuple[int, int], Responder] = field(default_factory=dict)
    timelines: dict[int, list[TimelineEntry]] = field(default_factory=dict)
    drills: dict[int, Drill] = field(default_factory=dict)
    mornings: dict[tuple[int, date], Morning] = field(default_factory=dict)
    links: dict[tuple[int, int], str] = field(default_factory=dict)
    members: dict[tuple[int, int], str] = field(default_factory=dict)
    removed: dict[tuple[int, int], RemovedMember] = field(default_factory=dict)
    audit: list[AuditRow] = field(default_factory=list)
    steps: dict[tuple[int, int], Step] = field(default_factory=dict)
    deliveries: dict[int, StoredDelivery] = field(default_factory=dict)
    triages: dict[int, Triage] = field(default_factory=dict)
    triage_keys: dict[str, int] = field(default_factory=dict)
    triage_answers: dict[int, list[StoredAnswer]] = field(default_factory=dict)
    triage_choices: dict[int, list[Choice]] = field(default_factory=dict)
    signs_of_life: dict[int, SignOfLife] = field(default_factory=dict)
    noted: dict[tuple[int, int], tuple[Evidence, datetime]] = field(default_factory=dict)
    alert_messages: dict[int, tuple[int, int]] = field(default_factory=dict)
    alert_senders: dict[int, str | None] = field(default_factory=dict)
    alert_cursors: dict[tuple[int, int], int] = field(default_factory=dict)
    recoveries: dict[tuple[int, int], tuple[datetime, int, str]] = field(default_factory=dict)
    questions: dict[int, tuple[Question, datetime]] = field(default_factory=dict)
    ignored: set[tuple[int, int, str]] = field(default_factory=set)
    digests: dict[tuple[int, str], datetime] = field(default_factory=dict)
    replays: dict[UUID, tuple[ReplayRecord, str]] = field(default_factory=dict)
    oncall: OnCallState = field(default_factory=OnCallState)
    jobs: dict[str, QueuedJob] = field(default_factory=dict)

    def delivery_by_key(self, key: str) -> StoredDelivery | None:
        """The delivery of that key."""
        return next((stored for stored in self.deliveries.values() if stored.delivery.key == key), None)

    def delivery(self, delivery_id: int) -> Delivery:
        """The delivery as a reader gets it: with the place of the one it waited for."""
        stored = self.deliveries[delivery_id]
        first = None if stored.after is None else self.delivery_by_key(stored.after)
        if first is None:
            return stored.delivery
        return replace(
            stored.delivery,
            after_channel_id=first.delivery.channel_id,
            after_message_id=first.delivery.message_id,
        )

    def due(self, now: datetime) -> list[QueuedJob]:
        """The jobs that a worker would take at *now*, in its order."""
        ready = [queued for queued in self.jobs.values() if queued.due_at <= now]
        return sorted(ready, key=lambda queued: (-queued.job.priority, queued.order))


def removed_of(state: State, incident_id: int) -> list[RemovedMember]:
    """Who was taken out of one incident, in that order."""
    own = [one for (number, _), one in state.removed.items() if number == incident_id]
    return sorted(own, key=lambda one: (one.at, one.id))


def responders_of(state: State, incident_id: int) -> list[Holder]:
    """Who has acknowledged one incident or joined it, in that order, also those who have left."""
    own = [(user, who) for (number, user), who in state.responders.items() if number == incident_id]
    return [Holder(user, who.name) for user, who in sorted(own, key=lambda pair: pair[1].joined_at)]


def sent_of(state: State) -> list[Delivery]:
    """The sent deliveries, in the order in which they were."""
    sent = [
        (stored.finished_at, delivery_id)
        for delivery_id, stored in state.deliveries.items()
        if stored.delivery.status is DeliveryStatus.SENT and stored.finished_at is not None
    ]
    return [state.delivery(delivery_id) for _, delivery_id in sorted(sent)]

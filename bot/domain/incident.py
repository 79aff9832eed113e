"""An incident's life: triggered, acknowledged, resolved. Source: the runbook, エスカレーションパス."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.errors import InvalidTransition
from bot.domain.people import Person


class Status(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class AckVia(StrEnum):
    """How an acknowledgement reached us."""

    REACTION = "reaction"
    BUTTON = "button"
    RECONCILED = "reconciled"  # a reaction found by reading Discord, its event having been missed


class AckOutcome(StrEnum):
    """What an acknowledgement changed."""

    FIRST = "first"
    JOINED = "joined"
    ALREADY = "already"  # this person had acknowledged or joined before
    TOO_LATE = "too_late"  # the incident was resolved


@dataclass(frozen=True, slots=True)
class NewIncident:
    """What is known when an incident is opened.

    Attributes:
        title: Cleaned, 1..200 characters.
        started_at: When the trouble began, aware; not later than the opening.
        path: The triage answers that led here, as (question id, answer id); empty for /sev1.
        key: Idempotency key: the same key opens the same incident ("interaction:123").
    """

    guild_id: int
    severity: str
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    started_at: datetime
    reported_by: Person
    path: tuple[tuple[str, str], ...]
    key: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as stored. Every datetime is aware.

    Attributes:
        id: Shown as INC-<id>.
        version: Grows with each visible change; the post remembers which one it shows.
        ack_due_at: When the first escalation past the paging of on-call is due.
        alert_channel_id, alert_message_id, thread_id: Set once Discord has them.
    """

    id: int
    guild_id: int
    severity: str
    priority: str
    status: Status
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    path: tuple[tuple[str, str], ...]
    started_at: datetime
    triggered_at: datetime
    ack_due_at: datetime
    reported_by_id: int
    reported_by_name: str
    acknowledged_at: datetime | None = None
    acknowledged_by_id: int | None = None
    acknowledged_by_name: str | None = None
    resolved_at: datetime | None = None
    resolved_by_id: int | None = None
    resolved_by_name: str | None = None
    alert_channel_id: int | None = None
    alert_message_id: int | None = None
    thread_id: int | None = None
    version: int = 1

    @property
    def label(self) -> str:
        """The name people say: INC-42."""
        return f"INC-{self.id}"

    @property
    def is_open(self) -> bool:
        """Somebody still has something to do."""
        return self.status is not Status.RESOLVED

    @property
    def took_to_acknowledge(self) -> timedelta | None:
        """Triggered to first acknowledge, or None while nobody did."""
        return None if self.acknowledged_at is None else self.acknowledged_at - self.triggered_at

    def missed_deadline(self, *, now: datetime) -> bool:
        """Whether nobody had acknowledged when the deadline passed. A resolve counts as an acknowledge."""
        answered = self.acknowledged_at or self.resolved_at or now
        return answered > self.ack_due_at

    def acknowledge(self, *, by: Person, at: datetime, already_responding: bool) -> "Acknowledgement":
        """First acknowledgement wins; later ones join as responders.

        Args:
            already_responding: *by* is on the incident's list of responders.
        Source: runbook, エスカレーションパス 1.
        """
        if self.status is Status.RESOLVED:
            return Acknowledgement(self, AckOutcome.TOO_LATE, by, at)
        if self.status is Status.TRIGGERED:
            return Acknowledgement(self._acknowledged(by=by, at=at), AckOutcome.FIRST, by, at)
        outcome = AckOutcome.ALREADY if already_responding else AckOutcome.JOINED
        return Acknowledgement(self, outcome, by, at)

    def resolve(self, *, by: Person, at: datetime) -> "Incident":
        """End it; a postmortem may follow.

        Raises:
            InvalidTransition: it was resolved before.
        """
        if self.status is Status.RESOLVED:
            raise InvalidTransition("already_resolved", incident=self.label, by=self.resolved_by_name)
        return replace(
            self,
            status=Status.RESOLVED,
            resolved_at=at,
            resolved_by_id=by.id,
            resolved_by_name=by.name,
            version=self.version + 1,
        )

    def _acknowledged(self, *, by: Person, at: datetime) -> "Incident":
        return replace(
            self,
            status=Status.ACKNOWLEDGED,
            acknowledged_at=at,
            acknowledged_by_id=by.id,
            acknowledged_by_name=by.name,
            version=self.version + 1,
        )


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an acknowledge changed; a second one is an outcome, not an error."""

    incident: Incident
    outcome: AckOutcome
    by: Person
    at: datetime


class TimelineKind(StrEnum):
    """What a timeline entry tells."""

    OPENED = "opened"
    PROMOTED = "promoted"  # a re-evaluation that nobody answered
    ALERT_POSTED = "alert_posted"
    THREAD_OPENED = "thread_opened"
    PAGED = "paged"  # a DM reached somebody
    ACKNOWLEDGED = "acknowledged"
    JOINED = "joined"
    DECLINED = "declined"  # on call, but cannot respond now
    ESCALATED = "escalated"
    DELIVERY_FAILED = "delivery_failed"
    EMAILED = "emailed"
    DETAILS_CHANGED = "details_changed"
    NOTE = "note"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One fact in an incident's history.

    Attributes:
        at: When it happened, aware.
        actor_id, actor_name: Who did it; None for the bot itself.
        data: JSON-able details; their shape depends on `kind` (see docs/architecture.md).
    """

    kind: TimelineKind
    at: datetime
    actor_id: int | None = None
    actor_name: str | None = None
    data: Mapping[str, object] | None = None

"""Alerts that are held back instead of tracked, and the windows of time in which they are."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.alerts.alert import mention_of
from bot.domain.alerts.decisions import AlertOutcome
from bot.domain.alerts.occurrence import Occurrence
from bot.domain.incident.incident import IncidentKind
from bot.domain.incident.locations import AlertOrigin, AlertWait, Source
from bot.domain.incident.opening import NewIncident
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence


@dataclass(frozen=True, slots=True)
class HoldReason:
    """Why a `bot.capability.AlertHold` holds an alert back.

    The decision keeps the alert as `HeldAlert`, in case it is opened later after all.

    Attributes:
        outcome: What the decision says.
        window_id: The window that holds it, if one does.
    """

    outcome: AlertOutcome
    window_id: int | None = None


@dataclass(frozen=True, slots=True)
class AlertWindow:
    """A time in which the new alerts about a target are held: a maintenance.

    Attributes:
        target: As the policy names it, or any other name.
        reason: May be empty.
        ended_at: None: it is open.
        ended_by: Who has ended it; None: its time was over.
        next_at: When it is to be looked at; None: what it held is dealt with.
    """

    id: int
    guild_id: int
    target: str
    reason: str
    by_id: int
    by_name: str
    began_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    next_at: datetime | None = None

    def is_about(self, occurrence: Occurrence) -> bool:
        """Return True if the target of an alert is this one; if it names none, if its title mentions it."""
        return self.covers(occurrence.target or occurrence.title)

    def covers(self, name: str) -> bool:
        """Return True if *name*, a target or a title, is or mentions the window's target."""
        return mention_of(self.target).search(name) is not None


class HeldAlert(Payload):
    """What to open if an alert still fires when nothing holds it back any more. See `NewIncident`."""

    severity: str
    title: str
    targets: tuple[str, ...]
    started_at: datetime
    by_id: int
    by_name: str
    key: str
    fingerprint: str
    subject: str | None = None
    evidence: Evidence | None = None
    source: Source | None = None
    origin: AlertOrigin | None = None

    @classmethod
    def of(cls, new: NewIncident) -> "HeldAlert":
        """Return the part of *new* that is kept."""
        return cls(
            severity=new.severity,
            title=new.title,
            targets=new.targets,
            started_at=new.started_at,
            by_id=new.reported_by.id,
            by_name=new.reported_by.name,
            key=new.key,
            fingerprint=new.fingerprint or "",
            subject=new.subject,
            evidence=new.evidence,
            source=new.source,
            origin=new.origin,
        )

    def as_incident(self, guild_id: int, waited: AlertWait | None, *, began: datetime) -> NewIncident:
        """Return the alert to open.

        Args:
            began: When it came first.
        """
        return NewIncident(
            guild_id=guild_id,
            severity=self.severity,
            title=self.title,
            targets=self.targets,
            symptoms=(),
            started_at=min(self.started_at, began),
            reported_by=Person(id=self.by_id, name=self.by_name, is_bot=True),
            path=(),
            key=self.key,
            evidence=self.evidence,
            kind=IncidentKind.ALERT,
            fingerprint=self.fingerprint,
            subject=self.subject,
            source=self.source,
            origin=self.origin,
            waited=waited,
        )

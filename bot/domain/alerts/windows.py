"""Maintenance windows: for a while, new alerts about a target are held instead of tracked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alerts.alert import mention_of
from bot.domain.alerts.occurrence import Occurrence
from bot.domain.incident.incident import IncidentKind
from bot.domain.incident.locations import AlertOrigin, Source, Waited
from bot.domain.incident.opening import NewIncident
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What the policy says of maintenance windows.

    Attributes:
        at_most: How long a window may be.
        spares: Names of the severities whose alerts no window holds.
        channel: Where windows are announced; None: in the channel of the highest severity.
    """

    at_most: timedelta = timedelta(hours=24)
    spares: tuple[str, ...] = ()
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class AlertWindow:
    """A maintenance window.

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

    def is_about(self, said: Occurrence) -> bool:
        """Return True if the target of an alert is this one; if it names none, if its title mentions it."""
        return self.covers(said.target or said.title)

    def covers(self, name: str) -> bool:
        """Return True if *name*, a target or a title, is or mentions the window's target."""
        return mention_of(self.target).search(name) is not None


class HeldAlert(Payload):
    """What to open if an alert still fires when its window ends. See `NewIncident`."""

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
        """Return the part of *new* that a window keeps."""
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

    def as_incident(self, guild_id: int, waited: Waited | None, *, began: datetime) -> NewIncident:
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


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """One alert that a window has held, however often it came.

    Attributes:
        said_id: Of the last time that it came.
        alert: Of that time.
        times, first_at: How often it came, and when first.
    """

    fingerprint: str
    said_id: int
    alert: HeldAlert
    times: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class HeldCount:
    """What a window has held.

    Attributes:
        alerts, times: How many different ones, and how often they came.
        numbers: The incidents that those have become that still fired.
    """

    alerts: int
    times: int
    numbers: tuple[int, ...]


class WindowData(Payload):
    """The line that tells the team of a window: it began, was changed, or ended.

    Attributes:
        by: Who has begun or ended it; empty: its time was over.
        until: When it ends; None: it has ended.
        spares: Names of the severities that it does not hold.
        alerts, times, numbers: As in `HeldCount`, of one that has ended.
    """

    target: str
    by: str = ""
    reason: str = ""
    until: datetime | None = None
    spares: tuple[str, ...] = ()
    alerts: int = 0
    times: int = 0
    numbers: tuple[int, ...] = ()

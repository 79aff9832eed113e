"""What an incident is opened with."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident.incident import IncidentKind
from bot.domain.incident.locations import AlertOrigin, AlertWait, Source
from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence


@dataclass(frozen=True, slots=True)
class NewIncident:
    """The facts with which an incident is opened.

    Attributes:
        title: Cleaned, 1..200 characters.
        started_at: When the trouble began, aware; not later than the opening.
        path: The triage answers that led here, as `Given.as_step`; empty for /sev1.
        key: Idempotency key: the same key opens the same incident ("interaction:123").
        evidence: The message that the triage started from.
        rings: False silences every mention, whatever the policy says: a drill that should not disturb.
        source, fingerprint, origin, waited: Of a tracked alert, as in `Tracked`.
        subject: What a message of a monitor is about, by which it is found again; None without one.
        triggered_at: When it was raised, if that was earlier, while the database was away.
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
    evidence: Evidence | None = None
    kind: IncidentKind = IncidentKind.INCIDENT
    is_drill: bool = False
    rings: bool = True
    is_private: bool = False
    source: Source | None = None
    fingerprint: str | None = None
    subject: str | None = None
    triggered_at: datetime | None = None
    origin: AlertOrigin | None = None
    waited: AlertWait | None = None

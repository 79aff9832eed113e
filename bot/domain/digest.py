"""The figures of a week. Source: the runbook, 週次自動 digest は月曜 18:00 JST."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.dlq.entries import DlqCounts
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.payloads import Payload
from bot.domain.statistics.figures import IncidentFigures


def week_due(*, now: datetime, weekday: int, at: time, zone: ZoneInfo) -> tuple[IsoWeek, datetime]:
    """Return the week whose digest was due last, and when that was.

    The digest of a week is due on the first *weekday* (Monday = 0) at *at* after the week has ended.

    Returns:
        The week that ended before the latest due time <= *now*, and that due time.
    """
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
    due = datetime.combine(day, at, zone)
    if due > now:
        due = datetime.combine(day - timedelta(days=7), at, zone)
    return IsoWeek.of(due.date()).previous(), due


@dataclass(frozen=True, slots=True)
class Digest:
    """One week in figures, which are defined in `bot.domain.statistics`.

    Attributes:
        figures: Of the week.
        before: The same of the week before it.
        missed: Incidents of the week that were not acknowledged by the deadline, oldest first; no more than
            are listed. `figures.ack_deadlines` has their number.
        open: Not resolved at the time of counting, oldest first, whenever they began.
        previous_dlq: Failures one week earlier; None: the DLQ could not be asked.
    """

    week: IsoWeek
    figures: IncidentFigures
    before: IncidentFigures
    missed: tuple[Incident, ...]
    open: tuple[Incident, ...]
    postmortems_due: tuple[Incident, ...]
    dlq: DlqCounts | None
    previous_dlq: int | None

    @property
    def total(self) -> int:
        """Return the number of incidents of the week."""
        return self.figures.incidents

    @property
    def is_quiet(self) -> bool:
        """Return True if nothing happened in the week and nothing is left to do."""
        aside = self.figures.set_aside
        happened = self.total or self.open or aside.false_alarms or aside.duplicates
        return not (happened or (self.dlq is not None and self.dlq.total))


def is_counted(incident: Incident) -> bool:
    """Return True if the figures count the incident: it is declared, no false alarm, duplicate or drill."""
    is_real = incident.status not in (Status.CANCELLED, Status.MERGED)
    return is_real and incident.kind is IncidentKind.INCIDENT and not incident.is_drill


class DigestData(Payload):
    """The post of a week.

    Attributes:
        week: As `IsoWeek.parse` takes it.
    """

    week: str

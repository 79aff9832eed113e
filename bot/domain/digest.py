"""The figures of a week. Source: the runbook, 週次自動 digest は月曜 18:00 JST."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.dlq import DlqCounts
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.payloads import Payload


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
    """One week in figures.

    False alarms, duplicates, drills, and tracked alerts that were never declared do not count as incidents:
    each has a figure of its own at most.

    Attributes:
        incidents: Triggered in the week, per severity, in the policy's order, zeros included.
        mtta_s: Mean seconds from triggered to first acknowledge, None when nothing was acknowledged.
        mttr_s: Mean seconds from triggered to resolved, None when nothing was resolved.
        missed: Incidents of the week that were not acknowledged by the deadline.
        open: Not resolved at the time of counting, oldest first, whenever they began.
        false_alarms, duplicates: Of the week, cancelled and merged.
        alerts: Messages of monitors of the week that were tracked and never declared.
        previous_total, previous_dlq: The same counts one week earlier; None: the DLQ could not be asked.
    """

    week: IsoWeek
    incidents: tuple[tuple[str, int], ...]
    mtta_s: float | None
    mttr_s: float | None
    missed: tuple[Incident, ...]
    open: tuple[Incident, ...]
    postmortems_due: tuple[Incident, ...]
    dlq: DlqCounts | None
    previous_total: int
    previous_dlq: int | None
    false_alarms: int = 0
    duplicates: int = 0
    alerts: int = 0

    @property
    def total(self) -> int:
        """Return the number of incidents of the week."""
        return sum(count for _, count in self.incidents)

    @property
    def is_quiet(self) -> bool:
        """Return True if nothing happened in the week and nothing is left to do."""
        happened = self.total or self.open or self.false_alarms or self.duplicates
        return not (happened or (self.dlq is not None and self.dlq.total))


def mtta_s(incidents: Iterable[Incident]) -> float | None:
    """Mean time to acknowledge over *incidents*; unacknowledged ones are skipped.

    Returns:
        Seconds >= 0, or None when nothing was acknowledged.
    Source: the runbook's response times (15 分以内 ack).
    """
    took = [i.took_to_acknowledge.total_seconds() for i in incidents if i.took_to_acknowledge is not None]
    return fmean(took) if took else None


def mttr_s(incidents: Iterable[Incident]) -> float | None:
    """Mean time from triggered to resolved over *incidents*; open ones are skipped.

    Returns:
        Seconds >= 0, or None when nothing was resolved.
    """
    took = [
        (i.ended.at - i.triggered_at).total_seconds()
        for i in incidents
        if i.ended is not None and i.status is Status.RESOLVED
    ]
    return fmean(took) if took else None


def is_counted(incident: Incident) -> bool:
    """Return True if the figures count the incident: it is declared, no false alarm, duplicate or drill."""
    is_real = incident.status not in (Status.CANCELLED, Status.MERGED)
    return is_real and incident.kind is IncidentKind.INCIDENT and not incident.is_drill


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """The facts of one week.

    Attributes:
        incidents: Triggered in it, oldest first.
        dlq: None when the DLQ could not be asked.
    """

    incidents: tuple[Incident, ...]
    dlq: DlqCounts | None


def summarise(
    week: IsoWeek,
    facts: WeekFacts,
    *,
    before: WeekFacts,
    still_open: tuple[Incident, ...],
    severities: Mapping[str, bool],
    now: datetime,
) -> Digest:
    """Return the week's figures.

    Args:
        before: The week before, for the comparison.
        severities: Severity name -> whether it asks for a postmortem, in the policy's order.
    """
    counted = tuple(filter(is_counted, facts.incidents))
    counts = Counter(incident.severity for incident in counted)
    rest = [one for one in facts.incidents if not one.is_drill and not is_counted(one)]
    declared = Counter(one.status for one in rest if one.kind is IncidentKind.INCIDENT)
    return Digest(
        week=week,
        incidents=tuple((name, counts[name]) for name in severities),
        mtta_s=mtta_s(counted),
        mttr_s=mttr_s(counted),
        missed=tuple(i for i in counted if i.missed_deadline(now=now)),
        open=tuple(filter(is_counted, still_open)),
        postmortems_due=tuple(
            i for i in counted if severities.get(i.severity, False) and i.status is Status.RESOLVED
        ),
        dlq=facts.dlq,
        previous_total=sum(map(is_counted, before.incidents)),
        previous_dlq=None if before.dlq is None else before.dlq.total,
        false_alarms=declared[Status.CANCELLED],
        duplicates=declared[Status.MERGED],
        alerts=sum(one.kind is IncidentKind.ALERT for one in rest),
    )


class DigestData(Payload):
    """The post of a week.

    Attributes:
        week: As `IsoWeek.parse` takes it.
    """

    week: str

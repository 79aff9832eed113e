"""The figures about incidents: what each means. `bot/storage/tables/statistics.sql` computes them.

An incident is *counted* if it was declared, and is neither cancelled (a false alarm) nor merged (a duplicate)
nor a drill: the rule is `is_counted`. A figure of a period is about the incidents that were
triggered in it, whenever they were acknowledged or resolved, and as they are when it is counted. So a week's
figures still change while its incidents go on. Private incidents are counted and never named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.incident.incident import Incident, IncidentKind, Status


@dataclass(frozen=True, slots=True)
class Durations:
    """Times of several incidents.

    A few long ones do not move the median. The 90th percentile says how long the slow ones took.

    Attributes:
        count: The number of incidents that have such a time.
        median_s, p90_s: Percentiles, seconds, interpolated between the two nearest times like
            PostgreSQL's `percentile_cont`; None for none.
    """

    count: int = 0
    median_s: float | None = None
    p90_s: float | None = None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Deadlines or promises that were met and missed. One that is still ahead is neither."""

    met: int = 0
    missed: int = 0

    @property
    def total(self) -> int:
        """Return the number of those that are decided."""
        return self.met + self.missed


@dataclass(frozen=True, slots=True)
class SeverityFigures:
    """The counted incidents of one severity. An incident has the severity that it has now.

    Attributes:
        acknowledge: From triggered to the first acknowledgement (the median is this bot's MTTA); incidents
            without one are skipped. Source: the runbook's response times (15 分以内 ack).
        resolve: From triggered to resolved (MTTR); open ones are skipped. One that was reopened has its last
            end.
        ack_deadlines: Deadlines of the first acknowledgement, as `Incident.missed_deadline` has it: ending an
            incident counts as an acknowledgement.
    """

    severity: str
    incidents: int = 0
    acknowledge: Durations = Durations()
    resolve: Durations = Durations()
    ack_deadlines: Deadlines = Deadlines()


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """The figures of an ISO week by severity, as `in_order` has them."""

    week: IsoWeek
    severities: tuple[SeverityFigures, ...]

    @property
    def incidents(self) -> int:
        """Return the number of counted incidents."""
        return sum(one.incidents for one in self.severities)


@dataclass(frozen=True, slots=True)
class SetAside:
    """What is no counted incident of the period; drills are not among it.

    Attributes:
        false_alarms: Declared, and cancelled.
        duplicates: Declared, and merged into another one.
        alerts: Tracked messages of monitors that were never declared.
    """

    false_alarms: int = 0
    duplicates: int = 0
    alerts: int = 0


@dataclass(frozen=True, slots=True)
class TargetCount:
    """How many counted incidents affected a target; private ones are left out, because it is named."""

    target: str
    incidents: int


@dataclass(frozen=True, slots=True)
class DrillFigures:
    """The drills that were started in the period, and the time to their first acknowledgement."""

    held: int = 0
    acknowledge: Durations = Durations()


@dataclass(frozen=True, slots=True)
class Scope:
    """The incidents to count; each None counts all.

    Attributes:
        target: Incidents that affected it. Private ones are left out: the number would tell what they affect.
        person_id: Incidents that this person acknowledged, first or later.
    """

    severity: str | None = None
    target: str | None = None
    person_id: int | None = None


#: Every counted incident.
ALL: Final = Scope()


@dataclass(frozen=True, slots=True)
class IncidentFigures:
    """What a period's incidents come to.

    Attributes:
        severities: As `in_order` has them.
        updates: Status updates that came before the bot had to ask for them, and promises that it reminded
            people of.
    """

    severities: tuple[SeverityFigures, ...] = ()
    updates: Deadlines = Deadlines()
    set_aside: SetAside = SetAside()
    targets: tuple[TargetCount, ...] = ()
    drills: DrillFigures = DrillFigures()

    @property
    def incidents(self) -> int:
        """Return the number of counted incidents."""
        return sum(one.incidents for one in self.severities)

    @property
    def ack_deadlines(self) -> Deadlines:
        """Return the ack deadlines over all severities: counts may be added up, medians may not."""
        deadlines = [one.ack_deadlines for one in self.severities]
        return Deadlines(sum(one.met for one in deadlines), sum(one.missed for one in deadlines))


def in_order(figures: Iterable[SeverityFigures], severities: Sequence[str]) -> tuple[SeverityFigures, ...]:
    """Return one value per severity: the policy's in its order, zeros included, then others by name.

    A severity that the policy no longer has keeps its own figures; no incident is lost by a rename.
    """
    known = {one.severity: one for one in figures}
    others = sorted(known.keys() - set(severities))
    return tuple(known.get(name, SeverityFigures(name)) for name in (*severities, *others))


def by_week(
    counted: Mapping[IsoWeek, Sequence[SeverityFigures]], weeks: Sequence[IsoWeek], severities: Sequence[str]
) -> tuple[WeekFigures, ...]:
    """Return a value for each of *weeks*, in their order, with the same severities in each."""
    named = {one.severity for figures in counted.values() for one in figures}
    everywhere = [*severities, *sorted(named - set(severities))]
    return tuple(WeekFigures(week, in_order(counted.get(week, ()), everywhere)) for week in weeks)


def is_counted(incident: Incident) -> bool:
    """Return True if the figures count the incident: it is declared, no false alarm, duplicate or drill."""
    is_real = incident.status not in (Status.CANCELLED, Status.MERGED)
    return is_real and incident.kind is IncidentKind.INCIDENT and not incident.is_drill

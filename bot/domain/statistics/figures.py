"""The figures about incidents: what each means. `bot/storage/tables/statistics.sql` computes them.

An incident is *counted* if it was declared, and is neither cancelled (a false alarm) nor merged (a
duplicate) nor a drill: the rule is `is_counted`. A figure of a period is about the incidents that
were triggered in it, whenever they were acknowledged or resolved, and as they are when it is
counted. So a week's figures still change while its incidents go on. Only time without an owner
is that of the period, whenever the incident was triggered. Private incidents are counted and
never named.

A monitor's alert whose severity mentions people is no incident, but needs an owner as one does
(`needs_owner`): it is in the deadlines, in the time without an owner, and among what is open.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.statistics.period import IsoWeek


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

    Alerts that need an owner are in its deadlines only.

    Attributes:
        acknowledge: From triggered to the first acknowledgement (the median is this bot's MTTA); incidents
            without one are skipped. Source: the runbook's response times (15 分以内 ack).
        resolve: From triggered to resolved (MTTR); open ones are skipped. One that was reopened has its last
            end.
        ack_deadlines: As `bot.domain.incident.ownership.acked_in_time` has it.
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
    """What was declared in the period and is no counted incident; drills are not among it.

    Attributes:
        false_alarms: Cancelled.
        duplicates: Merged into another one.
    """

    false_alarms: int = 0
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class UnownedIncident:
    """An incident, and its seconds without an owner in the period."""

    incident: Incident
    seconds: float


@dataclass(frozen=True, slots=True)
class UnownedTime:
    """The time without an owner in the period, as `ownership.unowned` has it.

    Attributes:
        by_severity: Seconds; a severity without any is left out.
        longest: The incidents with the most of it, those first; no private ones.
    """

    by_severity: Mapping[str, float] = field(default_factory=dict)
    longest: tuple[UnownedIncident, ...] = ()

    @property
    def total_s(self) -> float:
        """Return the seconds of all incidents together: two at once count twice."""
        return sum(self.by_severity.values())


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
        team: As in `IncidentFilter`.
    """

    severity: str | None = None
    target: str | None = None
    person_id: int | None = None
    team: str | None = None


#: Every counted incident.
ALL: Final = Scope()


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """What a period's incidents come to for one team.

    Attributes:
        team: None: the default team.
        incidents: Counted.
        escalated: Incidents and alerts that were escalated, because nobody had answered.
    """

    team: str | None
    incidents: int = 0
    escalated: int = 0


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
    unowned: UnownedTime = field(default_factory=UnownedTime)
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
    return incident.kind is IncidentKind.INCIDENT and needs_owner(incident, ringing=())


def needs_owner(incident: Incident, *, ringing: Collection[str]) -> bool:
    """Return True if the figures ask for its owner: it is counted, or an alert that rings.

    Args:
        ringing: The severities under which a monitor's alert rings.
    """
    is_real = incident.status not in (Status.CANCELLED, Status.MERGED)
    is_called = incident.kind is IncidentKind.INCIDENT or incident.severity in ringing
    return is_real and is_called and not incident.is_drill


class ExampleOf(StrEnum):
    """What an incident stands for; the name beside it says which one.

    The latest one is taken, except of a severity: there it is the one that took longest to resolve.
    """

    SEVERITY = "severity"
    TARGET = "target"
    READER = "reader"  # of a page, by handle
    SENDER = "sender"  # of an alert
    LATE_UPDATE = "late_update"
    DRILL = "drill"


@dataclass(frozen=True, slots=True)
class Example:
    """One incident that stands for a figure.

    Attributes:
        name: Of the severity, target, reader or sender; None for others, and for a reader who was not kept.
        place: Of such a reader, the on-call place that was paged.
    """

    of: ExampleOf
    name: str | None
    place: str | None
    incident: Incident


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of a period. Private incidents are not among them."""

    incidents: Mapping[tuple[ExampleOf, str], Incident] = field(default_factory=dict)

    @classmethod
    def by_name(cls, named: Iterable[tuple[ExampleOf, str, Incident]]) -> "Examples":
        """Keep the latest incident of each name."""
        in_order = sorted(named, key=lambda one: one[2].id)
        return cls({(of, name): incident for of, name, incident in in_order})

    def of(self, kind: ExampleOf, name: str = "") -> Incident | None:
        """Return the example of that name; None for none that may be shown."""
        return self.incidents.get((kind, name))


#: An alert that fires again within this time after it ended was not mended.
AGAIN_WITHIN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """What became of the alerts that began in a period; drills are left out.

    An alert is one tracked incident. The same alert within `same_within` is a further message of it.

    Attributes:
        alerts: Tracked, whatever became of them.
        messages: Times that the monitor posted them.
        acknowledged: A person took them.
        acted_on: Declared as an incident that was no false alarm, or merged into a declared one.
        false: Closed as a false alarm, declared or not.
        again: The same alert fired again within `AGAIN_WITHIN` after it ended.
    """

    alerts: int = 0
    messages: int = 0
    acknowledged: int = 0
    acted_on: int = 0
    false: int = 0
    again: int = 0


@dataclass(frozen=True, slots=True)
class AlertSource:
    """The alerts of one sender; *name* is what it posts under."""

    name: str
    counts: AlertCounts


@dataclass(frozen=True, slots=True)
class NoisyAlert:
    """An alert that comes again and again, by its fingerprint. Private incidents are not among it.

    Attributes:
        latest: The last incident that tracks it: its title, its sender, and where it is.
    """

    latest: Incident
    counts: AlertCounts


@dataclass(frozen=True, slots=True)
class AlertQuality:
    """The alerts of a period: by sender, and the noisiest ones; each those with the most messages first."""

    sources: tuple[AlertSource, ...] = ()
    noisiest: tuple[NoisyAlert, ...] = ()

    @property
    def alerts(self) -> int:
        """Return the number of tracked alerts, whatever became of them."""
        return sum(one.counts.alerts for one in self.sources)

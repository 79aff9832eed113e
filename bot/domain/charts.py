"""Charts as data: what they show, in which words. What they look like: `bot.integrations.charts.drawing`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.domain.payloads import Payload


class SeverityCounts(Payload):
    """The incidents of one severity.

    Attributes:
        counts: One per week, oldest first.
    """

    severity: str
    counts: tuple[int, ...]


class SeverityChart(Payload):
    """Incidents per week, a stacked bar each.

    Attributes:
        weeks: The words below each bar, oldest first.
        severities: The most severe one first: their order decides about colours.
    """

    title: str
    weeks: tuple[str, ...]
    severities: tuple[SeverityCounts, ...]


class WeekTimes(Payload):
    """How long something took in one week; None without an incident.

    Attributes:
        median_s, p90_s: Seconds, the median and the 90th percentile.
    """

    median_s: float | None = None
    p90_s: float | None = None


class SeverityTimes(Payload):
    """The times of one severity, one per week, oldest first."""

    severity: str
    weeks: tuple[WeekTimes, ...]


class TimesPanel(Payload):
    """One part of a chart of times.

    Attributes:
        severities: The most severe one first: their order decides about colours.
    """

    title: str
    severities: tuple[SeverityTimes, ...]


class Mark(Payload):
    """A line across a chart of times.

    Attributes:
        label: The time in words: "15 min".
    """

    at_s: float
    label: str


class TimesChart(Payload):
    """Medians as dots, and from each a line up to the 90th percentile, per week and severity.

    Attributes:
        weeks: The words below each week, oldest first.
        panels: From top to bottom.
        marks: What the axis names; the ones that are far from all values are left out.
        legend: Says what dot and line mean.
    """

    title: str
    weeks: tuple[str, ...]
    panels: tuple[TimesPanel, ...]
    marks: tuple[Mark, ...]
    legend: str


class Bar(Payload):
    """One bar of a chart: its label and its count."""

    label: str
    count: int


class BarChart(Payload):
    """A chart of counts, one bar below the other."""

    title: str
    bars: tuple[Bar, ...]


class LaneLook(StrEnum):
    """What a lane of an incident's chart shows, which decides about colours and shapes."""

    SEVERITY = "severity"
    OWNER = "owner"
    NOBODY = "nobody"  # the stretches without an owner, hatched
    CALLS = "calls"  # ticks; a call that failed is a cross
    UPDATES = "updates"  # dots


class ChartBand(Payload):
    """A stretch of a lane, in seconds from the incident's start.

    Attributes:
        rank: Of a severity, 0 for the highest; of other bands 0.
    """

    start_s: float
    end_s: float
    rank: int = 0


class ChartLane(Payload):
    """One lane of an incident's chart: bands, or moments in seconds from the start.

    Attributes:
        failed: The moments of calls that did not arrive.
    """

    label: str
    look: LaneLook
    bands: tuple[ChartBand, ...] = ()
    moments: tuple[float, ...] = ()
    failed: tuple[float, ...] = ()


class IncidentChart(Payload):
    """An incident from its start to its end, one lane below the other.

    Attributes:
        span_s: Seconds, > 0.
        ticks: What the axis names, with the time of day.
        lines: Moments that cross all lanes, such as the deadline of the ack.
    """

    title: str
    span_s: float
    lanes: tuple[ChartLane, ...]
    ticks: tuple[Mark, ...]
    lines: tuple[Mark, ...] = ()


class DayShift(Payload):
    """The part of a day that one person has.

    Attributes:
        person: The place of their name in `MonthChart.people`.
        at: When it begins, "10:00"; empty if it begins at midnight or earlier.
        is_override: They stand in for another person.
        is_gap: Nobody was planned, so they are on call by default.
    """

    person: int
    at: str = ""
    is_override: bool = False
    is_gap: bool = False


class MonthDay(Payload):
    """One day of a month.

    Attributes:
        note: What is special about it: "休"; empty for a day of work.
        shifts: In their order, at least one.
    """

    shifts: tuple[DayShift, ...]
    note: str = ""
    is_today: bool = False


class MonthChart(Payload):
    """Who has which day of a month, weeks as rows.

    Attributes:
        weekdays: The words above the columns, Monday first.
        first: The column of the first day, from 0.
        people: Their names; the order decides about colours.
        override, gap: What the marks of such shifts mean; empty without any.
    """

    title: str
    weekdays: tuple[str, ...]
    first: int
    days: tuple[MonthDay, ...]
    people: tuple[str, ...]
    override: str = ""
    gap: str = ""


Chart: TypeAlias = SeverityChart | TimesChart | BarChart | IncidentChart | MonthChart


@dataclass(frozen=True, slots=True)
class DrawnChart:
    """A chart as a file.

    Attributes:
        filename: "incidents.png".
        description: The chart in words, for people who do not see it.
    """

    filename: str
    description: str
    png: bytes

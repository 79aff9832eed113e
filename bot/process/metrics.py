"""The figures of /metrics, counted when they are asked for: nothing can be stale, nothing is kept.

What cannot be counted now is left out rather than reported as zero. Every process counts the same rows: use
their maximum over the processes, not their sum.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.capability import ProcessCounter
from bot.domain.statistics.figures import Durations, IncidentFigures
from bot.storage.tables.incidents import OpenCount
from bot.storage.tables.statistics import LATENESS_S, MISSED_S, Figures

#: With more guilds than this there are no figures per guild: Prometheus keeps a series for each.
_MOST_GUILDS: Final = 100


@dataclass(frozen=True, slots=True)
class GuildWeek:
    """The incidents of a guild in its current week.

    Attributes:
        figures: By severity; what these leave out is not counted here.
    """

    guild_id: int
    figures: IncidentFigures


@dataclass(frozen=True, slots=True)
class IncidentCounts:
    """The number of open incidents at a moment, and the severities and guilds to show figures for.

    Attributes:
        weeks: The current week of each guild.
    """

    open: tuple[OpenCount, ...]
    severities: tuple[str, ...]
    guilds: tuple[int, ...]
    now: datetime
    weeks: tuple[GuildWeek, ...] = ()


@dataclass(frozen=True, slots=True)
class Outage:
    """The effect of an outage of Discord.

    Attributes:
        away_s: For how long REST has not answered, seconds; 0 while it does.
        held: Deliveries that wait for it; None when the database cannot be asked.
    """

    away_s: float
    held: int | None


@dataclass(frozen=True, slots=True)
class ShardSession:
    """A shard's session at the gateway.

    Attributes:
        age_s: Since READY or RESUMED, seconds.
        silent_s: Since the last event, seconds.
    """

    age_s: float
    silent_s: float


def exposition(
    states: Mapping[str, str],
    *,
    latency_s: float,
    outage: Outage | None = None,
    incidents: IncidentCounts | None,
    figures: Figures | None = None,
    sessions: Mapping[int, ShardSession] | None = None,
) -> bytes:
    """Return the body of /metrics in Prometheus' text format.

    Args:
        states: Each part with "ok" or what is wrong.
        latency_s: Between the gateway's heartbeat and its answer; NaN without a connection.
        incidents: None when the database cannot be asked.
        figures: None when the database cannot be asked.
        sessions: By shard, those that this process listens to.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    up = Gauge("incident_bot_part_up", "1 if the part is healthy, else 0", ["part"], registry=registry)
    for part, state in states.items():
        up.labels(part).set(state == "ok")
    if math.isfinite(latency_s):
        _gauge(registry, "gateway_latency_seconds", "Seconds from heartbeat to answer", latency_s)
    _by_shard(registry, sessions or {})
    if outage is not None:
        _gauge(
            registry, "discord_away_seconds", "Seconds since REST last answered, 0 if it does", outage.away_s
        )
    if outage is not None and outage.held is not None:
        _gauge(registry, "deliveries_held", "Deliveries held until Discord answers again", outage.held)
    if incidents is not None:
        _count(registry, incidents)
    if figures is not None:
        registry.register(_RowFigures(figures))
    return generate_latest(registry)


def counters_exposition(counters: Iterable[ProcessCounter]) -> bytes:
    """Return what this process has counted since it began, to be added up over the processes."""
    registry = CollectorRegistry()
    for one in counters:
        family = prometheus_client.Counter(one.name, one.meaning, one.labels, registry=registry)
        for labels, count in sorted(one.values.items()):
            family.labels(*labels).inc(count)
    return generate_latest(registry)


def _by_shard(registry: CollectorRegistry, sessions: Mapping[int, ShardSession]) -> None:
    age = Gauge(
        "incident_bot_gateway_age_seconds", "Seconds since READY or RESUMED", ["shard"], registry=registry
    )
    name, meaning = "incident_bot_gateway_silent_seconds", "Seconds since the last gateway event"
    silent = Gauge(name, meaning, ["shard"], registry=registry)
    for shard, session in sessions.items():
        age.labels(str(shard)).set(session.age_s)
        silent.labels(str(shard)).set(session.silent_s)


def _count(registry: CollectorRegistry, incidents: IncidentCounts) -> None:
    open_, waiting = Counter[str](), Counter[str]()
    for count in incidents.open:
        open_[count.severity] += count.open
        waiting[count.severity] += count.waiting
    _by_severity(registry, "incidents_open", "Incidents not yet resolved", open_, incidents.severities)
    _by_severity(
        registry, "incidents_unacknowledged", "Incidents without a responder", waiting, incidents.severities
    )
    deadlines = [count.ack_due_at for count in incidents.open if count.ack_due_at is not None]
    overdue = (incidents.now - min(deadlines)).total_seconds() if deadlines else 0.0
    _gauge(registry, "ack_overdue_seconds", "Seconds since the oldest missed ack deadline", max(overdue, 0.0))
    if 1 < len(incidents.guilds) <= _MOST_GUILDS:
        name = "incident_bot_guild_incidents_unacknowledged"
        gauge = Gauge(name, "Incidents without a responder, by server", ["guild"], registry=registry)
        by_guild = Counter[int]()
        for count in incidents.open:
            by_guild[count.guild_id] += count.waiting
        for guild_id in incidents.guilds:
            gauge.labels(str(guild_id)).set(by_guild[guild_id])
    if len(incidents.weeks) <= _MOST_GUILDS:
        registry.register(WeekCollector(incidents.weeks))


def _by_severity(
    registry: CollectorRegistry, name: str, meaning: str, counts: Mapping[str, int], severities: Iterable[str]
) -> None:
    gauge = Gauge(f"incident_bot_{name}", meaning, ["severity"], registry=registry)
    for severity in severities:
        gauge.labels(severity).set(counts.get(severity, 0))


def _gauge(registry: CollectorRegistry, name: str, meaning: str, value: float) -> None:
    Gauge(f"incident_bot_{name}", meaning, registry=registry).set(value)


class _RowFigures(Collector):
    """The figures of the rows as metric families: these have counts that a `Gauge` cannot hold."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield each family once."""
        figures = self._figures
        yield _lateness(figures)
        missed = f"Escalation steps decided, or still undecided, more than {MISSED_S:g} s late"
        yield GaugeMetricFamily("incident_bot_deadlines_missed", missed, figures.missed)
        yield _labelled("incident_bot_queue_jobs", "Jobs in the queue", ("job", "state"), figures.queue)
        yield _labelled(
            "incident_bot_deliveries", "Messages by kind and result", ("kind", "result"), figures.deliveries
        )
        there = GaugeMetricFamily("incident_bot_instances", "Running processes", labels=["version"])
        for version, count in figures.instances.items():
            there.add_metric([version], count)
        yield there
        for one in figures.own:
            yield _labelled(one.name, one.meaning, one.labels, one.values)
        taken = "Shards taken over from a process that stopped renewing its lease"
        yield CounterMetricFamily("incident_bot_failovers", taken, figures.failovers)
        yield GaugeMetricFamily(
            "incident_bot_identifies_24h", "Gateway sessions started in the last 24 hours", figures.identifies
        )


def _lateness(figures: Figures) -> HistogramMetricFamily:
    counts = zip(LATENESS_S, figures.late_by, strict=True)
    buckets = [(str(bound), float(count)) for bound, count in counts] + [("+Inf", float(figures.decided))]
    return HistogramMetricFamily(
        "incident_bot_step_lateness_seconds",
        "Seconds from an escalation step's deadline to its decision",
        buckets=buckets,
        sum_value=figures.late_s,
    )


def _labelled(
    name: str,
    meaning: str,
    labels: Sequence[str],
    counts: Mapping[tuple[()], float] | Mapping[tuple[str, str], float],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for key, count in counts.items():
        family.add_metric(key, count)
    return family


_PREFIX: Final = "incident_bot_week"
_LABELS: Final = ("guild", "severity")


class WeekCollector(Collector):
    """Counts go by guild: the medians of several cannot be added up."""

    def __init__(self, weeks: Sequence[GuildWeek]) -> None:
        self._weeks = weeks

    def collect(self) -> Iterator[Metric]:
        """Yield each family once."""
        meaning = "Incidents triggered since Monday, by server"
        incidents = GaugeMetricFamily(f"{_PREFIX}_incidents", meaning, labels=_LABELS)
        meaning = "Their acknowledge deadlines by result"
        deadlines = GaugeMetricFamily(f"{_PREFIX}_ack_deadlines", meaning, labels=(*_LABELS, "result"))
        acknowledge, resolve = _times("acknowledge"), _times("resolve")
        meaning = "Seconds since Monday during which nobody had an open incident, by server"
        unowned = GaugeMetricFamily(f"{_PREFIX}_unowned_seconds", meaning, labels=_LABELS)
        for guild, figures in ((str(week.guild_id), week.figures) for week in self._weeks):
            none = {one.severity: 0.0 for one in figures.severities}
            for severity, seconds in {**none, **figures.unowned.by_severity}.items():
                unowned.add_metric([guild, severity], seconds)
        each = ((str(week.guild_id), one) for week in self._weeks for one in week.figures.severities)
        for guild, one in each:
            incidents.add_metric([guild, one.severity], one.incidents)
            for result, count in (("met", one.ack_deadlines.met), ("missed", one.ack_deadlines.missed)):
                deadlines.add_metric([guild, one.severity, result], count)
            _add(acknowledge, [guild, one.severity], one.acknowledge)
            _add(resolve, [guild, one.severity], one.resolve)
        yield from (incidents, deadlines, acknowledge, resolve, unowned)


def _times(what: str) -> GaugeMetricFamily:
    meaning = f"Seconds from triggered to {what}d, median and 90th percentile"
    return GaugeMetricFamily(f"{_PREFIX}_{what}_seconds", meaning, labels=(*_LABELS, "quantile"))


def _add(family: GaugeMetricFamily, labels: list[str], took: Durations) -> None:
    """Add both percentiles; without a time there is none, which is not zero."""
    for quantile, seconds in (("0.5", took.median_s), ("0.9", took.p90_s)):
        if seconds is not None:
            family.add_metric([*labels, quantile], seconds)

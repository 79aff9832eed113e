"""The figures of the current ISO week as metrics, those that `/stats` shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.domain.statistics.figures import Durations, SeverityFigures

_PREFIX: Final = "incident_bot_week"
_LABELS: Final = ("guild", "severity")


@dataclass(frozen=True, slots=True)
class GuildWeek:
    """The incidents of a guild in its current week, by severity."""

    guild_id: int
    severities: tuple[SeverityFigures, ...]


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
        for guild, one in ((str(week.guild_id), one) for week in self._weeks for one in week.severities):
            incidents.add_metric([guild, one.severity], one.incidents)
            for result, count in (("met", one.ack_deadlines.met), ("missed", one.ack_deadlines.missed)):
                deadlines.add_metric([guild, one.severity, result], count)
            _add(acknowledge, [guild, one.severity], one.acknowledge)
            _add(resolve, [guild, one.severity], one.resolve)
        yield from (incidents, deadlines, acknowledge, resolve)


def _times(what: str) -> GaugeMetricFamily:
    meaning = f"Seconds from triggered to {what}d, median and 90th percentile"
    return GaugeMetricFamily(f"{_PREFIX}_{what}_seconds", meaning, labels=(*_LABELS, "quantile"))


def _add(family: GaugeMetricFamily, labels: list[str], took: Durations) -> None:
    """Add both percentiles; without a time there is none, which is not zero."""
    for quantile, seconds in (("0.5", took.median_s), ("0.9", took.p90_s)):
        if seconds is not None:
            family.add_metric([*labels, quantile], seconds)

"""The rows' figures as Prometheus' metrics. Every process tells the same ones: take their maximum, not their
sum.
"""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.storage.figures import LATENESS_S, MISSED_S, Figures


class FigureCollector(Collector):
    """The figures that were counted just now, as a Prometheus collector."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Each family once."""
        found = self._figures
        yield _lateness(found)
        missed = f"Steps decided, or still to be, more than {MISSED_S:g} s late"
        yield GaugeMetricFamily("incident_bot_deadlines_missed", missed, found.missed)
        yield _labelled("incident_bot_queue_jobs", "Jobs in the queue", ("job", "state"), found.queue)
        yield _labelled(
            "incident_bot_deliveries", "Messages by what became of them", ("kind", "result"), found.deliveries
        )
        there = GaugeMetricFamily("incident_bot_instances", "Processes that are there", labels=["version"])
        for version, count in found.instances.items():
            there.add_metric([version], count)
        yield there
        taken = "Shards taken from an owner that had gone silent"
        yield CounterMetricFamily("incident_bot_failovers", taken, found.failovers)
        yield GaugeMetricFamily("incident_bot_identifies_24h", "Sessions begun at Discord", found.identifies)


def _lateness(found: Figures) -> HistogramMetricFamily:
    counts = zip(LATENESS_S, found.late_by, strict=True)
    buckets = [(str(bound), float(count)) for bound, count in counts] + [("+Inf", float(found.decided))]
    return HistogramMetricFamily(
        "incident_bot_step_lateness_seconds",
        "From a step's deadline to its decision",
        buckets=buckets,
        sum_value=found.late_s,
    )


def _labelled(
    name: str, meaning: str, labels: Sequence[str], counts: Mapping[tuple[str, str], int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for key, count in counts.items():
        family.add_metric(key, count)
    return family

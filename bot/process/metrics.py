"""The figures of /metrics, counted when they are asked for: nothing can be stale, nothing is kept.

What cannot be counted now is left out rather than told as zero.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest

from bot.services.ports.storms import OpenCount


@dataclass(frozen=True, slots=True)
class Incidents:
    """The open incidents of a moment, counted, and all severities there are."""

    open: tuple[OpenCount, ...]
    severities: tuple[str, ...]
    now: datetime


def exposition(states: Mapping[str, str], *, latency_s: float, incidents: Incidents | None) -> bytes:
    """The body of /metrics in Prometheus' text format.

    Args:
        states: Each part with "ok" or what is wrong.
        latency_s: Between the gateway's heartbeat and its answer; NaN without a connection.
        incidents: None when the database cannot be asked.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    up = Gauge("incident_bot_part_up", "Whether a part is well", ["part"], registry=registry)
    for part, state in states.items():
        up.labels(part).set(state == "ok")
    if math.isfinite(latency_s):
        _gauge(registry, "gateway_latency_seconds", "Heartbeat to answer", latency_s)
    if incidents is not None:
        _count(registry, incidents)
    return generate_latest(registry)


def _count(registry: CollectorRegistry, incidents: Incidents) -> None:
    known = {count.severity: count for count in incidents.open}
    open_, waiting = (
        Gauge(f"incident_bot_{name}", meaning, ["severity"], registry=registry)
        for name, meaning in (
            ("incidents_open", "Not resolved"),
            ("incidents_unacknowledged", "Nobody is on it"),
        )
    )
    for severity in incidents.severities:
        count = known.get(severity)
        open_.labels(severity).set(count.open if count else 0)
        waiting.labels(severity).set(count.waiting if count else 0)
    deadlines = [count.ack_due_at for count in incidents.open if count.ack_due_at is not None]
    overdue = (incidents.now - min(deadlines)).total_seconds() if deadlines else 0.0
    _gauge(registry, "ack_overdue_seconds", "Since the oldest missed ack deadline", max(overdue, 0.0))


def _gauge(registry: CollectorRegistry, name: str, meaning: str, value: float) -> None:
    Gauge(f"incident_bot_{name}", meaning, registry=registry).set(value)

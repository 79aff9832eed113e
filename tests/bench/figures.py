"""Figures of one measurement, beside those of the least that it could cost."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Median, 99th percentile and maximum of a sample, milliseconds."""

    median_ms: float
    p99_ms: float
    worst_ms: float
    count: int

    @classmethod
    def plain(cls, values: Sequence[float]) -> "Figures":
        """The same of values that are no times."""
        return cls.of([value / 1000 for value in values])

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Figures":
        """The figures of *seconds*, which is not empty; the percentile by nearest rank."""
        ordered = sorted(seconds)
        rank = math.ceil(0.99 * len(ordered)) - 1
        median, p99, worst = statistics.median(ordered), ordered[rank], ordered[-1]
        return cls(1000 * median, 1000 * p99, 1000 * worst, len(ordered))


@dataclass(frozen=True, slots=True)
class Limit:
    """What is promised of a figure; infinite where nothing is.

    Attributes:
        worst_ms: Nobody waits longer. Of sizes, in their unit.
        p99_ms: Hardly anybody waits longer.
        ratio: Of the median to that of the floor.
    """

    worst_ms: float = math.inf
    p99_ms: float = math.inf
    ratio: float = math.inf


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        floor: The least that it could cost, measured in the same run; None where there is no such thing.
        floor_is: What the floor does.
        limit: None where nothing is promised.
        goal: The limit in words.
        unit: "ms", or "MB" where figures are sizes.
    """

    what: str
    figures: Figures
    floor: Figures | None = None
    floor_is: str = ""
    limit: Limit | None = None
    goal: str = ""
    unit: str = "ms"

    @property
    def ratio(self) -> float | None:
        """Median over the floor's median."""
        return None if self.floor is None else self.figures.median_ms / self.floor.median_ms

    @property
    def is_over(self) -> bool:
        """Whether it is more than its limit allows."""
        if self.limit is None:
            return False
        return (
            (self.ratio or 0.0) > self.limit.ratio
            or self.figures.p99_ms > self.limit.p99_ms
            or self.figures.worst_ms > self.limit.worst_ms
        )

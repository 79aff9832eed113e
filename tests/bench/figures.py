"""Figures of one measurement, beside those of the least that it could cost."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Median and 99th percentile of a sample, milliseconds."""

    median_ms: float
    p99_ms: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Figures":
        """The figures of *seconds*, which is not empty; the percentile by nearest rank."""
        ordered = sorted(seconds)
        rank = math.ceil(0.99 * len(ordered)) - 1
        return cls(1000 * statistics.median(ordered), 1000 * ordered[rank], len(ordered))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        floor: The least that it could cost, measured in the same run; None where there is no such thing.
        floor_is: What the floor does.
    """

    what: str
    figures: Figures
    floor: Figures | None = None
    floor_is: str = ""

    @property
    def ratio(self) -> float | None:
        """Median over the floor's median."""
        return None if self.floor is None else self.figures.median_ms / self.floor.median_ms

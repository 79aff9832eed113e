"""The labelled list of reports, and how well a measure of similarity tells which have the same trouble."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

REPORTS: Final = Path(__file__).parent / "similar" / "reports.toml"
CHOSEN: Final = ("chosen", "chosen_2")
HELD_OUT: Final = "held_out"
HURRIED: Final = "hurried"

_TARGETS: Final = {
    "site": "parky.co.jp",
    "api": "api.parky.co.jp",
    "admin": "admin.parky.co.jp",
    "owner": "owner.parky.co.jp",
    "dev": "dev-*",
}


@dataclass(frozen=True, slots=True)
class LabelledReport:
    """A report, and the number of the trouble that it is about."""

    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    trouble: int


#: How similar two reports are, in any unit.
Measure = Callable[[LabelledReport, LabelledReport], float]


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a measure does with a threshold; each report is compared with all others of its part.

    Attributes:
        first_three: Of the best three of each report that reach the threshold, how many have its trouble.
        shown: Of the best of each report, if it reaches the threshold, how many have its trouble.
        recall: Of the reports whose trouble somebody else reported, for how many the best is one of those.
    """

    first_three: float
    shown: float
    recall: float


@cache
def reports(part: str) -> tuple[LabelledReport, ...]:
    """Return the reports of *part*."""
    troubles = tomllib.loads(REPORTS.read_text(encoding="utf-8"))["trouble"]
    return tuple(
        _report(line, number)
        for number, trouble in enumerate(troubles)
        if trouble["part"] == part
        for line in trouble["reports"]
    )


def figures(part: str, measure: Measure, *, threshold: float) -> Figures:
    """Measure *measure* on a part of the list."""
    known = reports(part)
    ranked = [
        (one, [two for two, value in _ranked(one, known, measure) if value >= threshold]) for one in known
    ]
    three = [two.trouble == one.trouble for one, found in ranked for two in found[:3]]
    shown = [found[0].trouble == one.trouble for one, found in ranked if found]
    twins = [
        bool(found) and found[0].trouble == one.trouble
        for one, found in ranked
        if sum(two.trouble == one.trouble for two in known) > 1
    ]
    return Figures(_share(three), _share(shown), _share(twins))


def _ranked(
    one: LabelledReport, known: tuple[LabelledReport, ...], measure: Measure
) -> Iterator[tuple[LabelledReport, float]]:
    others = [(two, measure(one, two)) for two in known if two is not one]
    yield from sorted(others, key=lambda found: -found[1])


def _report(line: str, trouble: int) -> LabelledReport:
    title, targets, symptoms = (part.strip() for part in line.split("|"))
    return LabelledReport(
        title, tuple(_TARGETS[one] for one in targets.split()), tuple(symptoms.split()), trouble
    )


def _share(outcomes: list[bool]) -> float:
    return sum(outcomes) / len(outcomes) if outcomes else 1.0

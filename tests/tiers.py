"""The tiers of tests: each folder of `tests` is one, and its tests bear its name as a mark (`-m unit`).

Those of the local Discord are in its own folder, and their mark is `sandbox`.
"""

import re
from collections.abc import Collection, Iterable
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark.expression import Expression

TIERS: Final = (
    "unit",
    "services",
    "integration",
    "sandbox",
    "browser",
    "e2e",
    "faults",
    "mutants",
    "corpus",
)


def pytest_configure(config: pytest.Config) -> None:
    """A choice of marks that does not speak of the slow half leaves it out, as no choice does."""
    config.option.markexpr = without_slow(config.option.markexpr)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what ``-m`` rules out by its folder: importing it takes longer than many a tier runs."""
    tier = tier_of_path(collection_path.relative_to(config.rootpath).parts)
    return True if tier is not None and is_ruled_out(tier, config.option.markexpr) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, before those that were not asked for are left out."""
    for item in items:
        if (tier := tier_of(item)) in TIERS:
            item.add_marker(tier)


def tier_of_path(parts: Iterable[str]) -> str | None:
    """Name the tier of the path below the root that has these *parts*; None for one that is in no tier."""
    match tuple(parts):
        case ("tests", tier, *_) if tier in TIERS:
            return tier
        case ("local_discord", "tests", *_):
            return "sandbox"
    return None


def is_ruled_out(tier: str, expression: str) -> bool:
    """Return whether *expression* chooses no test of *tier*, whatever other marks the test has."""
    if not expression:
        return False
    others = set(re.findall(r"\w+", expression)) - {*TIERS, "and", "or", "not"}
    possible = (
        {tier, *more} for count in range(len(others) + 1) for more in combinations(sorted(others), count)
    )
    return not any(_is_chosen(marks, expression) for marks in possible)


def _is_chosen(marks: Collection[str], expression: str) -> bool:
    def has(name: str, /, **_: object) -> bool:
        return name in marks

    return Expression.compile(expression).evaluate(has)


def tier_of(item: pytest.Item) -> str:
    """Name the folder of `tests` in which *item* is; "sandbox" for a test of the local Discord."""
    first, second, *_ = item.path.relative_to(item.config.rootpath).parts
    return "sandbox" if first == "local_discord" else second


def without_slow(expression: str) -> str:
    """What ``-m`` means; an empty one means every test."""
    return expression if not expression or "slow" in expression else f"({expression}) and not slow"

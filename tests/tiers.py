"""Define the tiers of tests: each folder of `tests` is one, and its name is its tests' mark (`-m unit`).

The local Discord's tests are in its own folder and have the mark `sandbox`.
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
    "cogs",
    "integration",
    "sandbox",
    "browser",
    "e2e",
    "faults",
    "mutants",
    "corpus",
)


def pytest_configure(config: pytest.Config) -> None:
    """Leave out slow tests unless ``-m`` mentions them or is empty."""
    config.option.markexpr = without_slow(config.option.markexpr)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip the folder of a tier that ``-m`` excludes: importing it takes longer than some tiers run."""
    tier = tier_of_path(collection_path.relative_to(config.rootpath).parts)
    return True if tier is not None and is_ruled_out(tier, config.option.markexpr) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, before pytest applies ``-m``."""
    for item in items:
        if (tier := tier_of(item)) in TIERS:
            item.add_marker(tier)


def tier_of_path(parts: Iterable[str]) -> str | None:
    """Return the tier of the path with these *parts* below the root; None if it is in no tier."""
    match tuple(parts):
        case ("tests", tier, *_) if tier in TIERS:
            return tier
        case ("local_discord", "tests", *_):
            return "sandbox"
    return None


def is_ruled_out(tier: str, expression: str) -> bool:
    """Return True if *expression* selects no test of *tier*, whatever its other marks."""
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
    """Return the name of the folder of `tests` that has *item*; "sandbox" for the local Discord's tests."""
    first, second, *_ = item.path.relative_to(item.config.rootpath).parts
    return "sandbox" if first == "local_discord" else second


def without_slow(expression: str) -> str:
    """Return *expression*, also excluding slow tests unless it mentions them or is empty."""
    return expression if not expression or "slow" in expression else f"({expression}) and not slow"

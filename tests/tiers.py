"""The tiers of tests: each folder of `tests` is one, and its tests bear its name as a mark (`-m unit`).

Those of the local Discord are in its own folder, and their mark is `sandbox`.
"""

from typing import Final

import pytest

TIERS: Final = (
    "unit",
    "services",
    "contract",
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, before those that were not asked for are left out."""
    for item in items:
        if (tier := tier_of(item)) in TIERS:
            item.add_marker(tier)


def tier_of(item: pytest.Item) -> str:
    """Name the folder of `tests` in which *item* is; "sandbox" for a test of the local Discord."""
    first, second, *_ = item.path.relative_to(item.config.rootpath).parts
    return "sandbox" if first == "local_discord" else second


def without_slow(expression: str) -> str:
    """What ``-m`` means; an empty one means every test."""
    return expression if not expression or "slow" in expression else f"({expression}) and not slow"

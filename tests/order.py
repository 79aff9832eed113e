"""Order the tests that a run's workers share: each tier is spread from the run's beginning to its end.

A story mostly waits for a process or a rate limit; a test of a rule only computes. One tier after the other
would leave the processors idle during the first and overload them during the second.
"""

import os
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Final, TypeVar

import pytest

from tests.tiers import tier_of

_Item = TypeVar("_Item")
_Kind = TypeVar("_Kind", bound=Hashable)

#: The tiers whose tests last for seconds have ended by this share of the run: no worker waits for the last.
_LONG_TIERS: Final = frozenset({"browser", "e2e", "faults", "integration"})
_LONG_TIERS_END: Final = 0.85


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the tiers if several workers share the tests; one alone runs file by file."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = mixed(items, tier_of, lambda tier: _LONG_TIERS_END if tier in _LONG_TIERS else 1.0)


def mixed(
    items: Iterable[_Item], kind_of: Callable[[_Item], _Kind], end_of: Callable[[_Kind], float]
) -> list[_Item]:
    """Spread the items of each kind evenly, from the start to the share of the run that *end_of* returns."""
    items = list(items)
    kinds = list(map(kind_of, items))
    totals, seen = Counter(kinds), Counter[_Kind]()
    places = []
    for kind in kinds:
        places.append((seen[kind] + 0.5) / totals[kind] * end_of(kind))
        seen[kind] += 1
    return [item for _, item in sorted(zip(places, items, strict=True), key=lambda pair: pair[0])]

"""The order in which the workers of a run are given the tests: each tier lasts from its beginning to its end.

A story waits most of its time for a process or a rate limit, and a test of a rule computes all of it. One
tier after the other would leave the processors idle in the first and crowd them in the second.
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
    """Spread each kind of *items* evenly, in its order, from 0.0 to the share that *end_of* says."""
    items = list(items)
    kinds = list(map(kind_of, items))
    totals, seen = Counter(kinds), Counter[_Kind]()
    places = []
    for kind in kinds:
        places.append((seen[kind] + 0.5) / totals[kind] * end_of(kind))
        seen[kind] += 1
    return [item for _, item in sorted(zip(places, items, strict=True), key=lambda pair: pair[0])]

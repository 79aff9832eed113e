"""Order the tests that a run's workers share: each tier is spread from the run's beginning to its end.

A story mostly waits for a process or a rate limit; a test of a rule only computes. One tier after the other
would leave the processors idle during the first and overload them during the second.
"""

import os
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Final, TypeVar
from zlib import crc32

import pytest

from tests.tiers import tier_of

_Kind = TypeVar("_Kind", bound=Hashable)

#: The tiers whose tests last for seconds have ended by this share of the run: no worker waits for the last.
_LONG_TIERS: Final = frozenset({"browser", "e2e", "faults", "integration"})
_LONG_TIERS_END: Final = 0.85


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the tests if several workers share them; one alone runs file by file."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    groups = _places({name for item in items if (name := _group(item))})
    tiers = spread([tier_of(item) for item in items], lambda tier: _end(is_long=tier in _LONG_TIERS))
    places = [
        groups[name] if (name := _group(item)) else place for item, place in zip(items, tiers, strict=True)
    ]
    items[:] = [item for _, item in sorted(zip(places, items, strict=True), key=lambda pair: pair[0])]


def spread(kinds: Sequence[_Kind], end_of: Callable[[_Kind], float]) -> list[float]:
    """Return a place for each of these, so that each kind is spread evenly from 0.0 to what *end_of* says."""
    totals, seen = Counter(kinds), Counter[_Kind]()
    places = []
    for kind in kinds:
        places.append((seen[kind] + 0.5) / totals[kind] * end_of(kind))
        seen[kind] += 1
    return places


def _places(names: Collection[str]) -> Mapping[str, float]:
    """Return a place for each group: in an order as if by chance, since those of one folder wait alike."""
    shuffled = sorted(names, key=lambda name: crc32(name.encode()))
    return dict(zip(shuffled, spread([None] * len(shuffled), lambda _: _end(is_long=True)), strict=True))


def _end(*, is_long: bool) -> float:
    return _LONG_TIERS_END if is_long else 1.0


def _group(item: pytest.Item) -> str | None:
    mark = item.get_closest_marker("xdist_group")
    return mark.args[0] if mark else None

"""Order the tests that a run's workers share: each tier is spread from the run's beginning to its end.

A story mostly waits for a process or a rate limit; a test of a rule only computes. One tier after the other
would leave the processors idle during the first and overload them during the second.

Short tests are handed out a module at a time: a worker sets up a module's fixtures once, and the process that
hands them out sends and receives less.
"""

import os
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from pathlib import PurePath
from typing import Any, Final, TypeVar
from zlib import crc32

import pytest
from xdist.scheduler import LoadGroupScheduling

from tests.tiers import tier_of_path

_Kind = TypeVar("_Kind", bound=Hashable)

#: Each test of these tiers lasts for seconds, and is handed out alone unless it is in a group.
_STORIES: Final = frozenset({"e2e", "faults"})
#: These tiers have ended by this share of the run: no worker waits for the last.
_LONG_TIERS: Final = _STORIES | {"browser", "cogs", "integration", "sandbox", "services"}
_LONG_TIERS_END: Final = 0.85


class Scheduling(LoadGroupScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Hand out a group of tests, a module of short tests, or one story at a time."""

    def _split_scope(self, nodeid: str) -> str:
        group = super()._split_scope(nodeid)
        return share_of(nodeid) if group == nodeid else group


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """Hand out the tests as said above, unless the command line asks for another way (``--dist``)."""
    return Scheduling(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the tests if several workers share them; one alone runs file by file."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    shares = [_group(item) or share_of(item.nodeid) for item in items]
    kinds = {share: _tier(item.nodeid) for share, item in zip(shares, items, strict=True)}
    # The largest module comes first, so that no worker waits for it at the end. Stories are shuffled, since
    # those of one file wait for the same things.
    sizes = Counter(shares)
    order = sorted(
        kinds, key=lambda share: (0 if kinds[share] in _STORIES else -sizes[share], crc32(share.encode()))
    )
    places = dict(zip(order, spread([kinds[share] for share in order], _end), strict=True))
    items[:] = [item for _, item in sorted(zip(shares, items, strict=True), key=lambda pair: places[pair[0]])]


def share_of(nodeid: str) -> str:
    """Return which tests are handed out together with this one: its module's, or it alone."""
    return nodeid if _tier(nodeid) in _STORIES else nodeid.partition("::")[0]


def spread(kinds: Sequence[_Kind], end_of: Callable[[_Kind], float]) -> list[float]:
    """Return a place for each of these, so that each kind is spread evenly from 0.0 to what *end_of* says."""
    totals, seen = Counter(kinds), Counter[_Kind]()
    places = []
    for kind in kinds:
        places.append((seen[kind] + 0.5) / totals[kind] * end_of(kind))
        seen[kind] += 1
    return places


def _tier(nodeid: str) -> str | None:
    return tier_of_path(PurePath(nodeid.partition("::")[0]).parts)


def _end(tier: str | None) -> float:
    return _LONG_TIERS_END if tier in _LONG_TIERS else 1.0


def _group(item: pytest.Item) -> str | None:
    mark = item.get_closest_marker("xdist_group")
    return mark.args[0] if mark else None

"""Tests that measure seconds have the machine to themselves: `@pytest.mark.quiet`.

The workers of a run share a lock. Every test holds it together with the others; a quiet one waits until they
have ended, and the others wait for it.
"""

import fcntl
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_FOLDER: Final = "quiet"

#: A test that runs pytest holds the lock already; the tests within would wait for whoever waits for it.
_IS_WITHIN_A_TEST: Final = "PYTEST_CURRENT_TEST" in os.environ


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put quiet tests last, each alone, so that the others have to end for them once."""
    items.sort(key=_is_quiet)
    for item in filter(_is_quiet, items):
        item.add_marker(pytest.mark.xdist_group(f"quiet {item.name}"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hold the lock from the test's setup to its teardown; the wait is no part of the test's time."""
    if _IS_WITHIN_A_TEST or not item.config.pluginmanager.hasplugin("cacheprovider"):
        return (yield)
    folder = item.config.cache.mkdir(_FOLDER)
    with held(folder, alone=_is_quiet(item)):
        return (yield)


def _is_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None


@contextmanager
def held(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lock that lives in *folder*, alone or together with others.

    Whoever waits to be alone keeps the door: a stream of short tests would keep it waiting otherwise.
    """
    with (folder / "door").open("w") as door, (folder / "room").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(door, fcntl.LOCK_UN)
        yield

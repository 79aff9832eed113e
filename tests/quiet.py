"""Run tests marked `@pytest.mark.quiet`, which measure seconds, alone or beside two other quiet tests.

The workers of a run share locks. A quiet test waits until no others run; then the others wait for it.
Three quiet tests that mostly wait may run at once; a test that computes is `quiet(alone=True)`.
"""

import fcntl
import os
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from pathlib import Path
from typing import IO, Final

import pytest

from tests.locks import is_taken_at_once

_FOLDER: Final = "quiet"
_SEATS: Final = ("first", "second", "third")
_LOOK_S: Final = 0.05
_EMPTY_LOOKS: Final = 3  # between two tests of a module the room is empty for some milliseconds

#: A test that runs pytest holds the lock already; the tests within would wait for whoever waits for it.
_IS_WITHIN_A_TEST: Final = "PYTEST_CURRENT_TEST" in os.environ


class Company(Enum):
    """The tests that may run beside a test."""

    ANY = "any that is not quiet"
    QUIET = "two other quiet ones"
    NONE = "none"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put quiet tests last, each in its own xdist group: they wait for the others only once."""
    order = [Company.ANY, Company.QUIET, Company.NONE]
    items.sort(key=lambda item: order.index(_company(item)))
    for item in filter(_is_quiet, items):
        item.add_marker(pytest.mark.xdist_group(f"quiet {item.name}"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hold the locks from the test's setup to its teardown; waiting for them is not part of its duration."""
    if _IS_WITHIN_A_TEST or not item.config.pluginmanager.hasplugin("cacheprovider"):
        return (yield)
    folder = item.config.cache.mkdir(_FOLDER)
    with held(folder, _company(item)):
        return (yield)


def _is_quiet(item: pytest.Item) -> bool:
    return item.get_closest_marker("quiet") is not None


def _company(item: pytest.Item) -> Company:
    match item.get_closest_marker("quiet"):
        case None:
            return Company.ANY
        case mark:
            return Company.NONE if mark.kwargs.get("alone") else Company.QUIET


@contextmanager
def held(folder: Path, company: Company) -> Iterator[None]:
    """Hold the locks in *folder* that keep tests excluded by *company* from running beside this one."""
    with ExitStack() as files:
        door, room, *seats = (
            files.enter_context((folder / name).open("w")) for name in ("door", "room", *_SEATS)
        )
        match company:
            case Company.ANY:
                fcntl.flock(door, fcntl.LOCK_EX)
                fcntl.flock(room, fcntl.LOCK_SH)
                fcntl.flock(door, fcntl.LOCK_UN)
            case Company.QUIET:
                while not any(map(is_taken_at_once, seats)):
                    time.sleep(_LOOK_S)  # no call waits for the first of several locks
                _close_behind_the_last(door, fcntl.LOCK_SH, room)
            case Company.NONE:
                _close_behind_the_last(door, fcntl.LOCK_EX, room)
        yield


def _close_behind_the_last(door: IO[str], kind: int, room: IO[str]) -> None:
    """Take the lock *door* once the lock *room* has been free at several looks in a row.

    A worker that still has tests of a module must not be stopped: each of them would wait for a quiet test.
    """
    empty = 0
    while True:
        if is_taken_at_once(room):
            empty += 1
            is_closed = empty >= _EMPTY_LOOKS and is_taken_at_once(door, kind)
            fcntl.flock(room, fcntl.LOCK_UN)
            if is_closed:
                return
        else:
            empty = 0
        time.sleep(_LOOK_S)

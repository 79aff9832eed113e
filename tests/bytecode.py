"""Keep compiled modules in pytest's cache if Python is told to write none (PYTHONDONTWRITEBYTECODE).

The tests start hundreds of programs, and each would compile the same thousand modules for two seconds. In a
new checkout nothing is compiled yet, and two workers compile for all of them: one from the first test on, the
other from the last.
"""

import fcntl
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from tests.locks import is_taken_at_once

FOLDER = Path(".pytest_cache") / "bytecode"
_TURNS: Final = "compiled"


def keep(root: Path) -> None:
    """Keep the modules that this process and its children compile, below *root*."""
    if not sys.dont_write_bytecode:
        return
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(root / FOLDER)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Let one worker collect before the others: all would compile each module at the same time.

    Ten seconds of each worker's processor time are compiling. Where there are enough processors for all of
    them, none waits.
    """
    config = session.config
    is_whole = config.args == config.getini("testpaths") and config.pluginmanager.hasplugin("cacheprovider")
    if not (is_whole and _are_processors_few()):
        return (yield)
    turns, version = config.cache.mkdir(_TURNS), sys.implementation.cache_tag or ""
    with first_alone(turns, version, meanwhile=lambda: _import_from_the_end(config.rootpath, config.args)):
        return (yield)


def _are_processors_few() -> bool:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))  # set in the workers alone
    return 2 * (os.cpu_count() or 1) <= workers


@contextmanager
def first_alone(folder: Path, name: str, *, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Let the first process run the block alone, and the others after it has succeeded.

    The second one calls *meanwhile* first. If the first process fails or dies, the next one takes its place.
    """
    done = folder / name
    with (folder / f"{name}.lock").open("w") as lock, (folder / f"{name}.second.lock").open("w") as second:
        if not is_taken_at_once(lock):
            if is_taken_at_once(second) and not done.exists():
                meanwhile()
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            yield
            done.touch()
            return
    yield


def _import_from_the_end(root: Path, folders: Iterable[str]) -> None:
    """Import the modules of tests, the last one first; what is wrong with one is said at its collection."""
    files = [file for folder in folders for file in sorted((root / folder).rglob("test_*.py"))]
    for file in reversed(files):
        with suppress(Exception):
            import_module(".".join(file.relative_to(root).with_suffix("").parts))

"""Lean imports: without packages that others take along, and without the garbage collector."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(name: str) -> Iterator[None]:
    """Hide the package *name* from the imports of the block, unless it is imported already.

    For a package that imports *name* only where it is there, and has a way to do without.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # how Python says that there is no such module
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the garbage collector rest for the imports of the block: what is imported stays.

    Going through it again and again, as more of it comes, is a fifth of what importing the bot takes.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

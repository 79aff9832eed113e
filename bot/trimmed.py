"""Importing a package without what it takes along and the bot does not use."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(name: str) -> Iterator[None]:
    """Hide the package *name* from the imports of the block, unless somebody has imported it already.

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

"""Where Python is told to write no bytecode, the tests keep theirs in pytest's cache.

They start hundreds of programs, each of which would compile the same thousand modules: two seconds for each.
"""

import os
import sys
from pathlib import Path

FOLDER = Path(".pytest_cache") / "bytecode"


def keep(root: Path) -> None:
    """Keep what this process, and those that it starts, compile, below *root*; nothing if they do already."""
    if not sys.dont_write_bytecode:
        return
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(root / FOLDER)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

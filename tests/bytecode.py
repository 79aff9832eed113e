"""Keep compiled modules in pytest's cache if Python is told to write none (PYTHONDONTWRITEBYTECODE).

The tests start hundreds of programs, and each would compile the same thousand modules for two seconds.
"""

import os
import sys
from pathlib import Path

FOLDER = Path(".pytest_cache") / "bytecode"


def keep(root: Path) -> None:
    """Keep the modules that this process and its children compile, below *root*."""
    if not sys.dont_write_bytecode:
        return
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(root / FOLDER)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

"""Make each mistake in a copy of the checkout, and see that a test finds it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.mutants.catalogue import MUTANTS, Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
_COPIED: Final = (
    *("bot", "cogs", "local_discord", "migrations", "tests", "docs"),
    *("conftest.py", "pyproject.toml", "README.md"),
)
_PASSED: Final = 0
_FAILED: Final = 1  # pytest: tests were run, and some failed
_WITHIN_S: Final = 300


class Unmade(Exception):
    """The lines that are right are not there once: the catalogue is out of date."""


def is_killed(mutant: Mutant) -> bool:
    """Make one mistake, run its tests, and return whether one of them failed.

    Raises:
        Unmade: see there. RuntimeError: pytest could not run them.
    """
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = _copied(Path(folder))
        make(mutant, root=copy)
        return run(mutant.tests, root=copy) == _FAILED


def make(mutant: Mutant, *, root: Path) -> None:
    """Write the mistake into the checkout at *root*.

    Raises:
        Unmade: see there.
    """
    path = root / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.before) != 1:
        raise Unmade(f"{mutant.file} has {text.count(mutant.before)} times: {mutant.before}")
    path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")


def run(tests: Iterable[str], *, root: Path) -> int:
    """Run *tests* of the checkout at *root*; pytest's exit code. Tests that do not end have failed.

    Raises:
        RuntimeError: it is neither "all passed" nor "some failed".
    """
    # A bot that a test starts is to be the copy's as well, not the one that is installed.
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-m", ""]
    try:
        done = subprocess.run(  # our own tests
            [*command, *tests],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=_WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        return _FAILED
    if done.returncode not in (_PASSED, _FAILED):
        raise RuntimeError(done.stdout[-2_000:] + done.stderr[-2_000:])
    return done.returncode


def main(arguments: Sequence[str]) -> int:
    """Print which mistakes are found; those whose name has one of *arguments* in it, or all.

    Returns:
        0 when all of them are.
    """
    chosen = [one for one in MUTANTS if not arguments or any(word in one.name for word in arguments)]
    table = Table("mistake", "where", "result")
    survived = 0
    for mutant in chosen:
        killed = is_killed(mutant)
        survived += not killed
        table.add_row(mutant.name, mutant.file, "killed" if killed else "SURVIVED")
    console = Console(width=None if Console().is_terminal else 140)
    console.print(table)
    console.print(f"{len(chosen)} mistakes: {len(chosen) - survived} found, {survived} not")
    return 1 if survived else 0


def _copied(folder: Path) -> Path:
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

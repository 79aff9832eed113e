"""A tree of the project in which the folders of some capabilities are absent."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("bot", "local_discord", "migrations", "tests")


def tree_without(folder: Path, absent: Collection[str]) -> Path:
    """Make a tree of links in *folder*, and return its root: a program that runs there finds no *absent*."""
    for package in _PACKAGES:
        (folder / package).symlink_to(ROOT / package)
    (folder / "cogs").mkdir()
    for found in (ROOT / "cogs").iterdir():
        if found.name not in {*absent, "__pycache__"}:
            (folder / "cogs" / found.name).symlink_to(found)
    return folder

"""The limits of the house: how many files a folder has, and how long a module is."""

from collections import Counter
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_MOST_FILES: Final = 20  # about as many as an eye takes in

_SOURCES: Final = tuple(
    path.relative_to(_ROOT)
    for package in ("bot", "cogs", "local_discord")
    for path in sorted((_ROOT / package).rglob("*.py"))
    if not path.is_relative_to(_ROOT / "local_discord" / "tests")
)


def test_no_folder_has_more_python_files_than_an_eye_takes_in() -> None:
    """A folder that is full is split by capability."""
    counted = Counter(path.parent for path in _SOURCES)
    assert {str(folder): files for folder, files in counted.items() if files > _MOST_FILES} == {}

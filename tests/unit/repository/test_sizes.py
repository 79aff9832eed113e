"""The limits on the files of a folder and the lines of a module."""

from collections import Counter
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[3]
_MOST_FILES: Final = 20  # about as many as an eye takes in
_MOST_LINES: Final = 300
_MOST_LINES_OF_COGS: Final = 200  # a cog acknowledges, parses, calls one use case and renders

_FILES: Final = tuple(
    path.relative_to(_ROOT)
    for package in ("bot", "cogs", "local_discord", "tests")
    for path in sorted((_ROOT / package).rglob("*.py"))
)
_SOURCES: Final = tuple(path for path in _FILES if "tests" not in path.parts)


def test_no_folder_has_more_python_files_than_an_eye_takes_in() -> None:
    """Split a folder that is full by capability, in the tests as well."""
    counted = Counter(path.parent for path in _FILES)
    assert {str(folder): files for folder, files in counted.items() if files > _MOST_FILES} == {}


def test_no_module_is_longer_than_its_limit() -> None:
    """A module that is full has two things in it, or says one of them twice."""
    lines = {path: len((_ROOT / path).read_text(encoding="utf-8").splitlines()) for path in _SOURCES}
    limits = {path: _MOST_LINES_OF_COGS if path.parts[0] == "cogs" else _MOST_LINES for path in _SOURCES}
    assert {str(path): count for path, count in lines.items() if count > limits[path]} == {}

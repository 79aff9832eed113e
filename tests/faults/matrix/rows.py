"""The fault matrix as data, read from docs/faults.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "faults.md"

_LINE = re.compile(r"\| (\d+) \| ([^|]+) \| ([^|]+) \|")
_TEST = re.compile(r"test_row_(\d\d)_")


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, with the expected behaviour."""

    number: int
    fault: str
    expected: str


def rows() -> tuple[Row, ...]:
    """The matrix in its order."""
    return tuple(_rows())


def number_of(test: str) -> int | None:
    """The row that a test (its name, or its node id) is about."""
    found = _TEST.search(test)
    return int(found[1]) if found else None


def _rows() -> Iterator[Row]:
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if found := _LINE.fullmatch(line.strip()):
            number, *cells = found.groups()
            yield Row(int(number), *(cell.strip() for cell in cells))

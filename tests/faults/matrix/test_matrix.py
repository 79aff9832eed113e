"""Every row of the matrix has its test."""

import re
from pathlib import Path

from tests.faults.matrix.rows import number_of, rows

_TESTS = [
    name
    for file in Path(__file__).parents[1].rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_row_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
]


def test_every_row_has_a_test() -> None:
    """Each row of docs/faults.md has a test."""
    numbers = [row.number for row in rows()]
    assert numbers == sorted(set(numbers))
    assert {number_of(name) for name in _TESTS} == set(numbers)

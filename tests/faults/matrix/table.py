"""The matrix as a table at the end of a run: each row with what was measured, and whether it holds."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import pytest
from rich.console import Console
from rich.table import Table

from tests.faults.matrix.rows import Row, number_of, rows

#: The key of a figure among a test's properties, which travel from the workers to the terminal.
FIGURE: Final = "fault_figure"

_PASSED, _NOT_RUN, _FAILED = "pass", "not run", "FAIL"
_MEANS = {
    "passed": _PASSED,
    "skipped": _NOT_RUN,
    "failed": _FAILED,
    "error": _FAILED,
}
_MOST_SEVERE_FIRST = (_FAILED, _NOT_RUN, _PASSED)
_LEAST_WIDTH = 110


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table when any of its rows was run."""
    results: dict[int, set[str]] = defaultdict(set)
    figures: dict[int, list[str]] = defaultdict(list)
    for number, result, report in _reports(terminalreporter):
        results[number].add(result)
        figures[number] += [str(value) for name, value in report.user_properties if name == FIGURE]
    if not results:
        return
    told = {row.number: _result(results[row.number]) for row in rows()}
    terminalreporter.section("fault matrix")
    terminalreporter.write(_drawn(told, figures, width=max(terminalreporter._tw.fullwidth, _LEAST_WIDTH)))
    counts = ", ".join(
        f"{[*told.values()].count(result)} {result}" for result in reversed(_MOST_SEVERE_FIRST)
    )
    terminalreporter.write_line(f"{len(told)} rows: {counts}")


def _reports(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[int, str, pytest.TestReport]]:
    for category, result in _MEANS.items():
        for report in terminalreporter.stats.get(category, []):
            number = number_of(report.nodeid)
            if number is not None:
                yield number, result, report


def _result(found: set[str]) -> str:
    return next((result for result in _MOST_SEVERE_FIRST if result in found), _NOT_RUN)


def _drawn(told: dict[int, str], figures: dict[int, list[str]], *, width: int) -> str:
    table = Table("#", "fault", "expected", "observed", "result", expand=True)
    for row in rows():
        table.add_row(*_cells(row, dict.fromkeys(figures.get(row.number, ())), told[row.number]))
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _cells(row: Row, figures: dict[str, None], result: str) -> tuple[str, str, str, str, str]:
    return str(row.number), row.fault, row.expected, "; ".join(figures), result

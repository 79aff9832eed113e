"""The figures as a table: in a terminal, and in a page of the documentation."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.table import Table

from tests.bench.figures import Row

_HEADINGS: Final = ("", "median", "p99", "worst", "n", "floor median", "floor p99", "ratio", "goal", "floor")
_LEFT: Final = ("", "goal", "floor")

#: Whatever follows this line in the page is written anew.
MARK: Final = "<!-- figures: python -m tests.bench --markdown FILE -->"


def table(rows: list[Row]) -> Table:
    """For a terminal."""
    made = Table(title="Milliseconds on loopback, everything on this machine")
    for heading in _HEADINGS:
        made.add_column(heading, justify="left" if heading in _LEFT else "right")
    for row in rows:
        made.add_row(*_cells(row))
    return made


def put_into(page: Path, rows: list[Row]) -> None:
    """Put the table, and on what it was measured, at the end of *page*."""
    kept = page.read_text(encoding="utf-8").partition(MARK)[0]
    lines = [
        MARK,
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {_machine()}.",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        f"| {' | '.join('---' if heading in _LEFT else '---:' for heading in _HEADINGS)} |",
        *(f"| {' | '.join(_cells(row))} |" for row in rows),
    ]
    page.write_text(kept + "\n".join(lines) + "\n", encoding="utf-8")


def _cells(row: Row) -> list[str]:
    floor = row.floor
    return [
        row.what,
        _value(row.figures.median_ms, row.unit),
        _value(row.figures.p99_ms, row.unit),
        _value(row.figures.worst_ms, row.unit),
        str(row.figures.count),
        _value(floor.median_ms, row.unit) if floor else "",
        _value(floor.p99_ms, row.unit) if floor else "",
        f"{row.ratio:.2f} ×" if row.ratio else "",
        f"**over** {row.goal}" if row.is_over else row.goal,
        row.floor_is,
    ]


def _value(value: float, unit: str) -> str:
    shown = f"{value:.1f}" if value < 100 else f"{value:,.0f}"
    return shown if unit == "ms" else f"{shown} {unit}"


def _machine() -> str:
    load, *_ = os.getloadavg()
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"load average {load:.1f} at the end"
    )

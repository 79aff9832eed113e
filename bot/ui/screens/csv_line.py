"""A line of a CSV file that a spreadsheet opens as it was meant."""

import csv
import io
from collections.abc import Iterable
from typing import Final

#: The mark by which Excel knows UTF-8: the first character of a file.
BYTE_ORDER_MARK: Final = "\ufeff"

#: What a spreadsheet takes for the beginning of a formula. The wide signs are those of a Japanese keyboard.
#: Source: OWASP, CSV Injection.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_line(cells: Iterable[object]) -> str:
    """Return *cells* as RFC 4180 has them, with the line's end. Text that looks like a formula stays text."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(
        f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells
    )
    return line.getvalue()

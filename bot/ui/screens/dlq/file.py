"""Files of undelivered notifications: CSV for spreadsheets, JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from bot.domain.dlq.failures import DlqEntry
from bot.domain.dlq.table import DlqColumn
from bot.domain.text import storable, storable_json
from bot.ui.screens.csv_line import BYTE_ORDER_MARK, csv_line

#: Bytes of a file: Discord takes 10 MiB with a message, whatever the server's level.
FILE_LIMIT: Final = 8_000_000

_COLUMNS: Final = tuple(column for column in DlqColumn if column is not DlqColumn.PAYLOAD)


class EntryFile(Protocol):
    """A file of DLQ entries that are added one by one."""

    name: str
    count: int

    def add(self, entry: DlqEntry) -> bool:
        """Take an entry; False if it has no room, and the file ends before it."""

    def content(self) -> bytes:
        """Return the bytes of the whole file."""


class CsvFile:
    """RFC 4180, in UTF-8 with the mark by which Excel knows it. Text cannot become a formula; no payloads."""

    name = "dlq.csv"

    def __init__(self) -> None:
        self.count = 0
        self._written = bytearray(BYTE_ORDER_MARK.encode())
        self._write([*_COLUMNS])

    def add(self, entry: DlqEntry) -> bool:
        row = list(_cells(entry))
        if not self._write(row):
            return False
        self.count += 1
        return True

    def content(self) -> bytes:
        return bytes(self._written)

    def _write(self, row: Sequence[str]) -> bool:
        encoded = csv_line(row).encode()
        if len(self._written) + len(encoded) > FILE_LIMIT:
            return False
        self._written += encoded
        return True


class JsonFile:
    """An array of objects with the runbook's names, the payload and the table's other columns included."""

    name = "dlq.json"

    def __init__(self) -> None:
        self.count = 0
        self._written = bytearray(b"[")

    def add(self, entry: DlqEntry) -> bool:
        text = json.dumps(storable_json(_object(entry)), ensure_ascii=False)
        encoded = f"{',' if self.count else ''}\n{text}".encode()
        if len(self._written) + len(encoded) > FILE_LIMIT:
            return False
        self._written += encoded
        self.count += 1
        return True

    def content(self) -> bytes:
        return bytes(self._written + b"\n]\n")


def _cells(entry: DlqEntry) -> Iterator[str]:
    for column in _COLUMNS:
        value = getattr(entry, column)
        if column is DlqColumn.ATTEMPTED_AT:
            yield value.isoformat()
        elif isinstance(value, str):
            yield storable(value)
        else:
            yield "" if value is None else str(value).lower()


def _object(entry: DlqEntry) -> dict[str, object]:
    named: dict[str, object] = {column.value: getattr(entry, column) for column in DlqColumn}
    named["attempted_at"] = entry.attempted_at.isoformat()
    if entry.payload is None and entry.stored is not None:
        named["payload"] = entry.stored  # no object: as it is stored
    return named | {"extra": dict(entry.extra)}

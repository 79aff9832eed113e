"""Files of undelivered notifications, read by programs that are not ours."""

import csv
import io
import json
from dataclasses import replace

import pytest

from cogs.dlq import screens as dlq_screens
from cogs.dlq.screens import CsvFile, EntryFile, JsonFile
from tests.cogs.dlq.test_screens import ENTRY


def read_csv(file: CsvFile) -> list[list[str]]:
    """The rows as Python's own reader sees them."""
    return list(csv.reader(io.StringIO(file.content().decode("utf-8-sig"), newline=""), strict=True))


def test_csv_is_what_spreadsheets_open() -> None:
    """A CSV file begins with the mark that Excel needs for UTF-8 and ends its lines with CRLF.

    A title with quotes and commas and an error with a line break are read back unchanged.
    """
    file = CsvFile()
    assert file.add(replace(ENTRY, title='a "quoted", title', error_message="two\nlines"))
    raw = file.content()
    assert raw.startswith(b"\xef\xbb\xbfid,attempted_at,channel,severity,title,")
    assert raw.endswith(b"\r\n")
    [head, row] = read_csv(file)
    assert dict(zip(head, row, strict=True)) == {
        "id": ENTRY.id,
        "attempted_at": ENTRY.attempted_at.isoformat(),
        "channel": "p0-alerts",
        "severity": "P0",
        "title": 'a "quoted", title',
        "http_status": "503",
        "retry_count": "3",
        "error_message": "two\nlines",
        "status": "failed",
        "fallback_email_sent": "true",
    }


@pytest.mark.parametrize(
    "evil",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠A1",
        '=HYPERLINK("http://x")',
    ],
)
def test_no_text_becomes_a_formula(evil: str) -> None:
    """In a CSV file an apostrophe stands before each text that a spreadsheet would take for a formula."""
    file = CsvFile()
    file.add(replace(ENTRY, title=evil, channel=evil, error_message=evil))
    [head, row] = read_csv(file)
    cells = dict(zip(head, row, strict=True))
    assert {cells[name] for name in ("title", "channel", "error_message")} == {f"'{evil}"}
    assert [cell for cell in row if cell.startswith(evil[0])] == []


def test_json_has_the_payload_and_what_else_the_table_has() -> None:
    """A payload that is no object as it is stored; text that UTF-8 has no signs for is replaced."""
    file = JsonFile()
    file.add(replace(ENTRY, extra=(("region", "東京"),)))
    file.add(replace(ENTRY, title="a\0b\ud83d", payload=None, stored="[1]"))
    first, second = json.loads(file.content())
    assert (first["payload"], first["extra"]) == (ENTRY.payload, {"region": "東京"})
    assert (second["payload"], second["title"]) == ("[1]", "ab\ufffd")
    assert json.loads(JsonFile().content()) == []


@pytest.mark.parametrize("file", [CsvFile(), JsonFile()])
def test_a_file_ends_before_it_is_too_large(file: EntryFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file takes no more DLQ entries once it nears its size limit, and what it holds can be read."""
    monkeypatch.setattr(dlq_screens, "FILE_LIMIT", 2_000)
    while file.add(replace(ENTRY, title="長" * 50)):
        pass
    assert 1 < file.count < 10
    assert len(file.content()) <= 2_010
    if isinstance(file, CsvFile):
        assert len(read_csv(file)) == file.count + 1
    else:
        assert len(json.loads(file.content())) == file.count

"""What the bot of another version has stored of morning triages."""

from datetime import date

import pytest

from bot.domain.payloads import Json
from cogs.morning_triage.rules import MorningData, MorningNagData

DAY = date(2026, 11, 24)
ROWS = [
    ({"day": "2026-11-24"}, MorningData(day=DAY)),
    ({"day": "2026-11-24", "asks": None}, MorningNagData(day=DAY, asks=None)),
    (
        {"day": "2026-11-24", "asks": "primary", "answers": 5},
        MorningNagData(day=DAY, asks="primary", answers=5),
    ),
]


@pytest.mark.parametrize(("row", "read"), ROWS)
def test_a_row_keeps_its_keys(row: Json, read: MorningData) -> None:
    """An older process reads what this one writes, and the other way round."""
    assert type(read).from_json(row) == read
    assert type(read).from_json({**row, "hologram": 1}) == read
    assert {key: value for key, value in read.to_json().items() if key in row} == row

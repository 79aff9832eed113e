"""Conversion of the table's rows into entries."""

import json
from collections.abc import Sequence
from typing import Final

from bot.domain.dlq import DlqEntry
from bot.storage.database.sql import Row
from bot.storage.rows import from_row

#: Levels of a payload: an embed's field has four, components a few more.
_DEEPEST: Final = 50


def entry_from_row(row: Row, others: Sequence[str] = ()) -> DlqEntry:
    """Return the entry of a row; only a JSON object counts as payload.

    Args:
        others: Names of the extra columns, in the order of the row's values.
    """
    stored = row.get("payload")
    extra = zip(others, row.get("extra") or (), strict=False)
    return from_row(
        DlqEntry,
        row,
        payload=None if stored is None else _object(stored),
        stored=stored,
        extra=tuple((name, value) for name, value in extra if value is not None),
    )


def _object(text: str) -> dict[str, object] | None:
    """Return the JSON object that *text* is; None if it is anything else, or nested too deep."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _is_shallow(value, levels=_DEEPEST) else None


def _is_shallow(value: object, *, levels: int) -> bool:
    """Return True if *value* is not nested deeper than a message: whatever reads it goes down by itself."""
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(one, levels=levels - 1) for one in inside)

"""Which parts of `dlq.sql` say what a filter asks for, each with its parameters."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bot.domain.dlq import NO_ANSWER, Cursor, DlqColumn, DlqFilter
from bot.storage.dlq.layout import Layout

#: The condition of a text search, which no index can serve alone.
TEXT: Final = "with_text"

#: The conditions of a page's place in its list: the number of the list is that of the whole.
PLACES: Final = frozenset({"older_than", "newer_than"})

#: The condition that a failure is of a channel. It is used in place of the table: two names may fulfil it.
OF_CHANNEL: Final = "of_channel"

Conditions = dict[str, Mapping[str, object]]


def asked_for(layout: Layout, asked: DlqFilter) -> Conditions:
    """Return the filter's conditions; one that matches nothing if the table lacks the column."""
    found = since(asked)
    for column, value in ((DlqColumn.SEVERITY, asked.severity), (DlqColumn.STATUS, asked.status)):
        if value is not None:
            found |= equal(layout, column, value)
    if asked.channel is not None:
        found |= _of_channel(layout, asked.channel)
    if asked.http_status is not None:
        found |= _answered(layout, asked.http_status)
    if asked.text is not None:
        found[TEXT] = {"pattern": f"%{literally(asked.text)}%"}
    return found


def since(asked: DlqFilter) -> Conditions:
    """Return the conditions of a filter's period."""
    found: Conditions = {}
    if asked.since is None:
        found["lately"] = {"within": timedelta(hours=asked.hours)}
    else:
        found["since"] = {"since": asked.since}
    if asked.until is not None:
        found["before"] = {"until": asked.until}
    return found


def equal(layout: Layout, column: DlqColumn, value: str) -> Conditions:
    """Return the condition that *column* has *value*."""
    return {f"of_{column}": {column.value: value}} if layout.admits(column, value) else {"nothing": {}}


def beside(cursor: Cursor) -> Conditions:
    """Return the condition for what follows a place in the list, in the direction of the page."""
    place = {"place_at": cursor.at, "place_id": cursor.id}
    return {"newer_than" if cursor.is_newer else "older_than": place}


def _of_channel(layout: Layout, channel: str) -> Conditions:
    """Return the condition for a channel, stored with a "#" or without. None: it cannot hold that."""
    names = {"channel": channel, "marked_channel": f"#{channel}"}
    given = {key: name if layout.admits(DlqColumn.CHANNEL, name) else None for key, name in names.items()}
    return {OF_CHANNEL: given} if any(given.values()) else {"nothing": {}}


def _answered(layout: Layout, http_status: int) -> Conditions:
    if DlqColumn.HTTP_STATUS not in layout.columns:
        return {"nothing": {}}
    if http_status == NO_ANSWER:
        return {"unanswered": {}}
    return {"of_http_status": {"http_status": str(http_status)}}


def literally(text: str) -> str:
    """Return *text* as a pattern in which no sign has a meaning."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

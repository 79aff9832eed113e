"""On call: what was written down from chat."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from bot.domain.oncall.book import Book, Content, StoredOverride, StoredSchedule
from bot.domain.oncall.people import NotifySettings, QuietHours, Who
from bot.domain.paging import Also
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row

_ALSO: Final = frozenset(Also)


class OnCallRows:
    """What was written down about on call: overrides, schedules, settings, and the watch over handovers."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def oncall_book(self, guild_id: int, *, since: datetime) -> Book:
        """Return the entries made in chat that count at *since* or later, in order of writing."""
        return _book(await self._sql.all("oncall_book", guild_id=guild_id, since=since, past=timedelta()))

    async def oncall_book_now(self, guild_id: int, *, past: timedelta) -> tuple[Book, datetime]:
        """Return the entries that count since *past* ago or later, and the database's time."""
        rows = await self._sql.all("oncall_book", guild_id=guild_id, since=None, past=past)
        return _book(rows), rows[0]["now"]

    async def notify_settings(self, guild_id: int, user_id: int) -> NotifySettings | None:
        """Return how a person wants to be paged outside Discord; None if they have set nothing."""
        row = await self._sql.first("notify_settings", guild_id=guild_id, user_id=user_id)
        return None if row is None else _settings(row)


def _book(rows: Sequence[Row]) -> Book:
    known = [row for row in rows if row["id"] is not None]
    overrides = [
        from_row(
            StoredOverride,
            row,
            who=Who(row["user_id"], row["username"], row["name"]),
            starts=row["starts_at"],
            ends=row["ends_at"],
        )
        for row in known
        if row["content"] is None
    ]
    schedules = [
        from_row(StoredSchedule, row, content=Content.from_json(row["content"]), starts=row["starts_at"])
        for row in known
        if row["content"] is not None
    ]
    notify = rows[0]["notify"] or [] if rows else []
    return Book(tuple(overrides), tuple(schedules), tuple(map(_settings, notify)))


def _settings(row: Row | Mapping[str, Any]) -> NotifySettings:
    """Return the settings of a row, or of its JSON."""
    start, end = (_time(row[key]) for key in ("quiet_start", "quiet_end"))
    return NotifySettings(
        user_id=row["user_id"],
        username=row["username"],
        ways=tuple(Also(way) for way in row["ways"] if way in _ALSO),
        wait=timedelta(seconds=float(row["wait_s"])),
        quiet=None if start is None or end is None else QuietHours(start, end),
        ntfy=row["ntfy"],
        pushover=row["pushover"],
    )


def _time(value: time | str | None) -> time | None:
    return time.fromisoformat(value) if isinstance(value, str) else value

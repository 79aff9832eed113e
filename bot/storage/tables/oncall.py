"""On call: what was written down from chat, and the watch over handovers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.domain.oncall.book import Book, Content, NewOverride, StoredOverride, StoredSchedule
from bot.domain.oncall.notify import NotifySettings, QuietHours
from bot.domain.oncall.people import Who
from bot.domain.oncall.roster import RosterWatch
from bot.domain.oncall.rotation import Rotation, Shift, Unit
from bot.domain.paging.ways import Also
from bot.domain.people import Person
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart

_ALSO: Final = frozenset(Also)


class PostgresOnCallReads(ReadPart):
    """A `bot.services.ports.store.oncall.OnCallReads`."""

    async def oncall_book(self, guild_id: int, *, since: datetime) -> Book:
        return _book(await self._sql.all("oncall_book", guild_id=guild_id, since=since, past=timedelta()))

    async def oncall_book_now(self, guild_id: int, *, past: timedelta) -> tuple[Book, datetime]:
        rows = await self._sql.all("oncall_book", guild_id=guild_id, since=None, past=past)
        return _book(rows), rows[0]["now"]

    async def notify_settings(self, guild_id: int, user_id: int) -> NotifySettings | None:
        row = await self._sql.first("notify_settings", guild_id=guild_id, user_id=user_id)
        return None if row is None else _settings(row)


class PostgresOnCallWrites(PostgresOnCallReads):
    """A `bot.services.ports.store.oncall.OnCallWrites`."""

    async def add_override(self, guild_id: int, new: NewOverride, *, by: Person) -> int:
        row = await self._sql.one(
            "add_oncall_override",
            new,
            guild_id=guild_id,
            user_id=new.who.user_id,
            username=new.who.username,
            name=new.who.name,
            starts_at=new.starts,
            ends_at=new.ends,
            by_id=by.id,
            by_name=by.name,
        )
        number: int = row["id"]
        return number

    async def end_override(self, guild_id: int, number: int, *, by: Person) -> list[StoredOverride]:
        rows = await self._sql.all(
            "end_oncall_override", guild_id=guild_id, override_id=number, by_id=by.id, by_name=by.name
        )
        return sorted(map(_override, rows), key=lambda one: one.id != number)

    async def add_schedule(
        self, guild_id: int, place: str, content: Content, *, by: Person, draft: bool = False
    ) -> int:
        await self._sql.all("forget_oncall_drafts", guild_id=guild_id)
        kept = content_as_json(content)
        row = await self._sql.one(
            "add_oncall_schedule",
            guild_id=guild_id,
            place=place,
            content=kept,
            by_id=by.id,
            by_name=by.name,
            is_draft=draft,
        )
        number: int = row["id"]
        return number

    async def confirm_schedule(self, guild_id: int, number: int, *, by: Person) -> tuple[str, Content] | None:
        row = await self._sql.first(
            "confirm_oncall_schedule", guild_id=guild_id, schedule_id=number, by_id=by.id, by_name=by.name
        )
        return None if row is None else (row["place"], content_from_json(row["content"]))

    async def end_schedules(self, guild_id: int, place: str, *, by: Person) -> set[int]:
        rows = await self._sql.all(
            "end_oncall_schedules", guild_id=guild_id, place=place, by_id=by.id, by_name=by.name
        )
        return {row["id"] for row in rows}

    async def save_notify_settings(self, guild_id: int, new: NotifySettings) -> None:
        if new.is_empty:
            await self._sql.all("forget_notify_settings", guild_id=guild_id, user_id=new.user_id)
            return
        await self._sql.all(
            "save_notify_settings",
            new,
            guild_id=guild_id,
            ways=list(new.ways),
            quiet_start=None if new.quiet is None else new.quiet.start,
            quiet_end=None if new.quiet is None else new.quiet.end,
        )

    async def lock_watch(self, guild_id: int) -> RosterWatch | None:
        row = await self._sql.first("lock_oncall_watch", guild_id=guild_id)
        if row is None:
            return None
        return from_row(
            RosterWatch,
            row,
            checked=tuple(row["checked"]),
            lacking={handle: tuple(marks) for handle, marks in row["lacking"].items()},
        )

    async def begin_watch(self, watch: RosterWatch) -> bool:
        return await self._sql.has("begin_oncall_watch", watch, standing=dict(watch.standing))

    async def wake_watch(self, guild_id: int) -> None:
        await self._sql.all("wake_oncall_watch", guild_id=guild_id)

    async def save_watch(self, watch: RosterWatch) -> None:
        await self._sql.all(
            "save_oncall_watch",
            watch,
            standing=dict(watch.standing),
            checked=list(watch.checked),
            lacking={handle: list(marks) for handle, marks in watch.lacking.items()},
        )


def content_as_json(content: Content) -> dict[str, object]:
    """Return *content* as the JSON for `oncall_schedules.content`."""
    rotation = content.rotation
    return {
        "people": {handle: asdict(who) for handle, who in content.people.items()},
        "person": content.person,
        "rotation": None if rotation is None else _rotation_as_json(rotation),
        "shifts": [
            {"person": each.person, "starts": each.starts.isoformat(), "ends": each.ends.isoformat()}
            for each in content.shifts
        ],
    }


def content_from_json(kept: Mapping[str, object]) -> Content:
    """Read the content that `content_as_json` wrote."""
    people, rotation, shifts = kept["people"], kept["rotation"], kept["shifts"]
    assert isinstance(people, Mapping)
    assert isinstance(shifts, list)
    return Content(
        people={handle: Who(**who) for handle, who in people.items()},
        person=None if kept["person"] is None else str(kept["person"]),
        rotation=_rotation_from_json(rotation) if isinstance(rotation, Mapping) else None,
        shifts=tuple(
            Shift(
                each["person"], datetime.fromisoformat(each["starts"]), datetime.fromisoformat(each["ends"])
            )
            for each in shifts
        ),
    )


def _rotation_as_json(rotation: Rotation) -> dict[str, object]:
    return {
        "people": list(rotation.people),
        "every": rotation.every,
        "unit": rotation.unit.value,
        "starts_on": rotation.starts_on.isoformat(),
        "handover": rotation.handover.isoformat("minutes"),
        "timezone": rotation.timezone.key,
    }


def _rotation_from_json(kept: Mapping[str, object]) -> Rotation:
    people = kept["people"]
    assert isinstance(people, list)
    return Rotation(
        people=tuple(people),
        every=int(str(kept["every"])),
        unit=Unit(str(kept["unit"])),
        starts_on=date.fromisoformat(str(kept["starts_on"])),
        handover=time.fromisoformat(str(kept["handover"])),
        timezone=ZoneInfo(str(kept["timezone"])),
    )


def _book(rows: Sequence[Row]) -> Book:
    known = [row for row in rows if row["id"] is not None]
    overrides = [_override(row) for row in known if row["content"] is None]
    schedules = [_schedule(row) for row in known if row["content"] is not None]
    notify = rows[0]["notify"] or [] if rows else []
    return Book(tuple(overrides), tuple(schedules), tuple(map(_settings, notify)))


def _override(row: Row) -> StoredOverride:
    return from_row(
        StoredOverride,
        row,
        who=Who(row["user_id"], row["username"], row["name"]),
        starts=row["starts_at"],
        ends=row["ends_at"],
    )


def _schedule(row: Row) -> StoredSchedule:
    return from_row(StoredSchedule, row, content=content_from_json(row["content"]), starts=row["starts_at"])


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

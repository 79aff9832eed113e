"""The tables of absences, of the shifts in them, and of the calendar files."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.people import Who
from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.absence.rules import AwayShift, NewAwayShift


@dataclass(frozen=True, slots=True)
class KnownCalendar:
    """What is known of a calendar file.

    Attributes:
        seen: What changes with the file, as it was when it was read.
        problem: Why it could not be used then; empty: it could.
    """

    handle: str
    seen: str
    read_at: datetime
    problem: str


class Absences:
    """The absences that *sql* sees, within a transaction or without one. What locks needs one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def open_ones(self, guild_id: int) -> list[TimeAway]:
        """Return the absences that are not over, the earliest first."""
        return [_absence(row) for row in await self._sql.all("absences", guild_id=guild_id)]

    async def add(self, guild_id: int, new: TimeAway, *, by: Person) -> TimeAway:
        """Store an absence and return it with its number."""
        row = await self._sql.one(
            "add_absence",
            guild_id=guild_id,
            user_id=new.who.user_id,
            username=new.who.username,
            name=new.who.name,
            starts_at=new.starts,
            ends_at=new.ends,
            reason=new.reason,
            by_id=by.id,
            by_name=by.name,
        )
        return _absence(row)

    async def add_from_calendar(self, guild_id: int, new: TimeAway) -> None:
        """Store an absence of a calendar file."""
        await self._sql.all(
            "add_absence_of_calendar", guild_id=guild_id, **_columns(new), calendar=new.calendar
        )

    async def update(self, number: int, new: TimeAway) -> None:
        """Change an absence as its calendar file has changed."""
        await self._sql.all("update_absence", absence_id=number, **_columns(new))

    async def calendars(self, guild_id: int) -> dict[str, KnownCalendar]:
        """Return what is known of the calendar files, by the handle of their person."""
        rows = await self._sql.all("absence_calendars", guild_id=guild_id)
        return {row["handle"]: from_row(KnownCalendar, row) for row in rows}

    async def lock_calendar(self, guild_id: int, handle: str) -> KnownCalendar:
        """Lock and return what is known of a calendar file, even if that is nothing yet."""
        row = await self._sql.one("lock_absence_calendar", guild_id=guild_id, handle=handle)
        return from_row(KnownCalendar, row)

    async def keep_calendar(self, guild_id: int, handle: str, *, seen: str, problem: str = "") -> None:
        """Record how a calendar file was read."""
        await self._sql.all(
            "keep_absence_calendar", guild_id=guild_id, handle=handle, seen=seen, problem=problem
        )

    async def forget_calendars(self, guild_id: int, handles: list[str]) -> None:
        """Forget the calendar files of all people but *handles*."""
        await self._sql.all("forget_absence_calendars", guild_id=guild_id, handles=handles)

    async def lock(self, guild_id: int, number: int) -> TimeAway | None:
        """Lock and return an absence; None if there is none of that number, or it is over."""
        row = await self._sql.first("lock_absence", guild_id=guild_id, absence_id=number)
        return None if row is None else _absence(row)

    async def end(self, number: int, *, by_name: str) -> list[int]:
        """Withdraw an absence; return the numbers of its shifts."""
        await self._sql.all("end_absence", absence_id=number, by_name=by_name)
        return [row["id"] for row in await self._sql.all("away_shifts_of", absence_id=number)]

    async def lock_open_ones(self, guild_id: int) -> list[TimeAway]:
        """Lock and return `open_ones`."""
        return [_absence(row) for row in await self._sql.all("lock_absences", guild_id=guild_id)]

    async def add_shift(self, guild_id: int, new: NewAwayShift) -> int:
        """Store a shift whose person is away and return its number."""
        row = await self._sql.one(
            "add_away_shift", new, guild_id=guild_id, starts_at=new.starts, ends_at=new.ends
        )
        return int(row["id"])

    async def tell_again(self, known: AwayShift, new: NewAwayShift) -> int | None:
        """Open *known* again as *new*, and return how often it is told; None if it was taken meanwhile."""
        row = await self._sql.first(
            "tell_away_shift_again",
            number=known.id,
            told=known.told,
            taken_by_name=known.taken_by_name,
            starts_at=new.starts,
            ends_at=new.ends,
            suggested=new.suggested,
        )
        return None if row is None else row["told"]

    async def suggest(self, number: int, suggested: str | None) -> None:
        """Change who is suggested for a shift."""
        await self._sql.all("suggest_for_away_shift", number=number, suggested=suggested)

    async def merge(self, numbers: list[int]) -> None:
        """Close shifts that another shift of their absence has grown over."""
        await self._sql.all("merge_away_shifts", numbers=numbers)

    async def open_shifts(self, guild_id: int) -> list[AwayShift]:
        """Return the shifts that were told of all absences that are not over."""
        return [_shift(row) for row in await self._sql.all("open_away_shifts", guild_id=guild_id)]

    async def shift(self, guild_id: int, number: int) -> AwayShift | None:
        """Return such a shift; None if there is none."""
        row = await self._sql.first("away_shift", guild_id=guild_id, number=number)
        return None if row is None else _shift(row)

    async def take(self, guild_id: int, number: int, *, by: Person) -> bool:
        """Record who takes a shift; return False if it cannot be taken any more."""
        return await self._sql.has(
            "take_away_shift", guild_id=guild_id, number=number, by_id=by.id, by_name=by.name
        )


def _absence(row: Row) -> TimeAway:
    who = Who(row["user_id"], row["username"], row["name"])
    return from_row(TimeAway, row, who=who, starts=row["starts_at"], ends=row["ends_at"])


def _columns(new: TimeAway) -> dict[str, object]:
    who = new.who
    return {
        "user_id": who.user_id,
        "username": who.username,
        "name": who.name,
        "starts_at": new.starts,
        "ends_at": new.ends,
        "reason": new.reason,
        "by_name": new.by_name,
    }


def _shift(row: Row) -> AwayShift:
    return from_row(AwayShift, row, starts=row["starts_at"], ends=row["ends_at"])

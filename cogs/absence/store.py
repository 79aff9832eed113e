"""The tables of absences, and of the shifts that they touch."""

from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.people import Who
from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.absence.rules import AwayShift, NewAwayShift


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

    async def lock(self, guild_id: int, number: int) -> TimeAway | None:
        """Lock and return an absence; None if there is none of that number, or it is over."""
        row = await self._sql.first("lock_absence", guild_id=guild_id, absence_id=number)
        return None if row is None else _absence(row)

    async def end(self, number: int, *, by: Person) -> list[int]:
        """Withdraw an absence; return the numbers of its shifts."""
        await self._sql.all("end_absence", absence_id=number, by_name=by.name)
        return [row["id"] for row in await self._sql.all("away_shifts_of", absence_id=number)]

    async def add_shift(self, guild_id: int, new: NewAwayShift) -> int | None:
        """Store a shift whose person is away and return its number; None if it is known."""
        row = await self._sql.first(
            "add_away_shift", new, guild_id=guild_id, starts_at=new.starts, ends_at=new.ends
        )
        return None if row is None else row["id"]

    async def shift(self, guild_id: int, number: int) -> AwayShift | None:
        """Return such a shift; None if there is none."""
        row = await self._sql.first("away_shift", guild_id=guild_id, number=number)
        return None if row is None else from_row(AwayShift, row, starts=row["starts_at"], ends=row["ends_at"])

    async def take(self, guild_id: int, number: int, *, by: Person) -> bool:
        """Record who takes a shift; return False if it cannot be taken any more."""
        return await self._sql.has(
            "take_away_shift", guild_id=guild_id, number=number, by_id=by.id, by_name=by.name
        )


def _absence(row: Row) -> TimeAway:
    who = Who(row["user_id"], row["username"], row["name"])
    return from_row(TimeAway, row, who=who, starts=row["starts_at"], ends=row["ends_at"])

"""The people who may see a private incident, by name, and those who were removed from it."""

from bot.domain.people import Person
from bot.domain.privacy import RemovedMember
from bot.storage.database.sql import Sql
from bot.storage.rows import from_row


class MemberRows:
    """The people who may see a private incident by name, and those who were removed from it."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def is_member(self, incident_id: int, user_id: int) -> bool:
        """Return True if a user is a member of a private incident."""
        return await self._sql.has("member", incident_id=incident_id, user_id=user_id)

    async def members(self, incident_id: int) -> list[int]:
        """Return the ids of the members of a private incident, in the order they were added."""
        return [row["user_id"] for row in await self._sql.all("members", incident_id=incident_id)]

    async def removed_members(self, incident_id: int) -> list[RemovedMember]:
        """Return the people who were removed from a private incident and not added again."""
        rows = await self._sql.all("removed_members", incident_id=incident_id)
        return [from_row(RemovedMember, row, id=row["user_id"]) for row in rows]

    async def add_member(self, incident_id: int, *, user_id: int, name: str, by: Person) -> bool:
        """Add a member to a private incident; return False if they were one already."""
        return await self._sql.has(
            "add_member", incident_id=incident_id, user_id=user_id, name=name, by_id=by.id, by_name=by.name
        )

    async def remove_member(self, incident_id: int, who: Person, *, by: Person) -> bool:
        """Remove *who* from a private incident until readmitted; return False if they were no member."""
        was_named = (
            await self._sql.first("remove_member", incident_id=incident_id, user_id=who.id) is not None
        )
        await self._sql.all(
            "keep_out",
            incident_id=incident_id,
            user_id=who.id,
            username=who.username,
            by_id=by.id,
            by_name=by.name,
        )
        return was_named

    async def readmit(self, incident_id: int, user_id: int) -> None:
        """Readmit a user who may have been removed."""
        await self._sql.all("readmit", incident_id=incident_id, user_id=user_id)

"""The people who may see a private incident, by name, and those who were removed from it."""

from bot.domain.people import Person
from bot.domain.privacy import RemovedMember
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart


class PostgresMemberReads(ReadPart):
    """A `bot.services.ports.store.members.MemberReads`."""

    async def is_member(self, incident_id: int, user_id: int) -> bool:
        return await self._sql.has("member", incident_id=incident_id, user_id=user_id)

    async def members(self, incident_id: int) -> list[int]:
        return [row["user_id"] for row in await self._sql.all("members", incident_id=incident_id)]

    async def removed_members(self, incident_id: int) -> list[RemovedMember]:
        rows = await self._sql.all("removed_members", incident_id=incident_id)
        return [from_row(RemovedMember, row, id=row["user_id"]) for row in rows]


class PostgresMemberWrites(PostgresMemberReads):
    """A `bot.services.ports.store.members.MemberWrites`."""

    async def add_member(self, incident_id: int, *, user_id: int, name: str, by: Person) -> bool:
        return await self._sql.has(
            "add_member", incident_id=incident_id, user_id=user_id, name=name, by_id=by.id, by_name=by.name
        )

    async def remove_member(self, incident_id: int, who: Person, *, by: Person) -> bool:
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
        await self._sql.all("readmit", incident_id=incident_id, user_id=user_id)

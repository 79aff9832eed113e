"""How incidents were resolved, and their postmortems."""

from datetime import timedelta

from bot.domain.incident.aftermath import Postmortem, Resolution
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.owing import OwedPostmortem
from bot.storage.rows import incident_from_row
from bot.storage.tables.bases import ReadPart


class PostgresPostmortemReads(ReadPart):
    """A `bot.services.ports.store.postmortems.postmortems.PostmortemReads`."""

    async def resolution(self, incident_id: int) -> Resolution | None:
        row = await self._sql.first("resolution", incident_id=incident_id, guild_id=self._guild_id)
        return None if row is None else Resolution.from_json(row)

    async def postmortem(self, incident_id: int) -> Postmortem | None:
        row = await self._sql.first("postmortem", incident_id=incident_id, guild_id=self._guild_id)
        return None if row is None else Postmortem.from_json(row)

    async def owed_postmortems(self, guild_id: int) -> list[OwedPostmortem]:
        rows = await self._sql.all("owed_postmortems", guild_id=guild_id)
        return [OwedPostmortem(incident_from_row(row), Postmortem.from_json(row["owed"])) for row in rows]


class PostgresPostmortemWrites(PostgresPostmortemReads):
    """A `bot.services.ports.store.postmortems.postmortems.PostmortemWrites`."""

    async def save_resolution(self, incident: Incident, resolution: Resolution) -> None:
        await self._sql.one(
            "save_resolution", resolution, incident_id=incident.id, guild_id=incident.guild_id
        )

    async def save_postmortem(self, incident: Incident, postmortem: Postmortem) -> None:
        await self._sql.one(
            "save_postmortem", postmortem, incident_id=incident.id, guild_id=incident.guild_id
        )

    async def want_draft(self, incident_id: int, *, after: timedelta) -> bool:
        return await self._sql.has("want_draft", incident_id=incident_id, after=after)

    async def draft_wanted(self, incident_id: int) -> int:
        row = await self._sql.first("draft_wanted", incident_id=incident_id)
        return 0 if row is None else int(row["draft_wanted"])

    async def note_drafted(self, incident_id: int, *, wanted: int) -> None:
        await self._sql.all("note_drafted", incident_id=incident_id, wanted=wanted)

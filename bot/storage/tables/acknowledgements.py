"""Acknowledgements, and the responders who made them."""

from collections.abc import Collection, Mapping

from bot.domain.audit import AuditData
from bot.domain.delivery.kinds import PAGING
from bot.domain.incident.acknowledgement import AckVia, FormerResponder
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.appends import Appends
from bot.storage.database.sql import many
from bot.storage.tables.bases import ReadPart
from bot.storage.tables.incidents import saved
from bot.storage.tables.queued import QueuedDeliveries


class PostgresAcknowledgementReads(ReadPart):
    """A `bot.services.ports.store.acknowledgements.AcknowledgementReads`."""

    async def who_left(self, incident_id: int) -> dict[int, FormerResponder]:
        rows = await self._sql.all("who_left", incident_id=incident_id)
        return {row["user_id"]: FormerResponder(row["left_at"], frozenset(row["unmarked"])) for row in rows}

    async def note_unmarked(
        self,
        incident_id: int,
        unmarked: Collection[tuple[int, int]],
        *,
        former: Mapping[int, FormerResponder],
    ) -> None:
        await self._sql.all(
            "note_unmarked",
            incident_id=incident_id,
            left_at=[former[user_id].left_at for user_id, _ in unmarked],
            **_pairs(unmarked),
        )

    async def responders(self, incident_id: int) -> list[PersonRef]:
        rows = await self._sql.all("responders", incident_id=incident_id)
        return [PersonRef(row["user_id"], row["name"]) for row in rows]

    async def is_link_used(self, link_id: str) -> bool:
        return await self._sql.has("used_link", link_id=link_id)


class PostgresAcknowledgementWrites(PostgresAcknowledgementReads, QueuedDeliveries):
    """A `bot.services.ports.store.acknowledgements.AcknowledgementWrites`."""

    async def acknowledge(
        self, incident: Incident, entry: TimelineEntry, *, by: Person, via: AckVia, data: AuditData
    ) -> list[int]:
        told = Appends()
        told.tell(incident.id, entry)
        told.audit(incident.guild_id, by, entry.kind, data)
        rows = await self._sql.all(
            "acknowledge",
            incident,
            **saved(incident),
            user_id=by.id,
            name=by.name,
            via=via,
            guild_id=self._guild_id,
            kinds=sorted(PAGING),
            entries=many(told.entries),
            audited=many(told.audited),
        )
        if not any(row["is_saved"] for row in rows):
            raise RuntimeError(f"{incident.label} is not at version {incident.version - 1}")
        return await self._end_ladder(incident.id, rows)

    async def use_link(self, link_id: str, incident_id: int) -> bool:
        return await self._sql.has("use_link", link_id=link_id, incident_id=incident_id)

    async def join(self, incident_id: int, by: Person, *, via: AckVia) -> bool:
        await self._lock_incident(incident_id)
        return await self._sql.has(
            "join", incident_id=incident_id, user_id=by.id, name=by.name, via=via, guild_id=self._guild_id
        )

    async def leave(
        self, incident_id: int, user_id: int | None = None, *, unmarked: Collection[tuple[int, int]] = ()
    ) -> list[PersonRef]:
        await self._lock_incident(incident_id)
        await self._sql.all("leave_incident", incident_id=incident_id, leaving_id=user_id, **_pairs(unmarked))
        return await self.on_it(incident_id)

    async def on_it(self, incident_id: int) -> list[PersonRef]:
        rows = await self._sql.all("on_it", incident_id=incident_id)
        return [PersonRef(row["user_id"], row["name"]) for row in rows]


def _pairs(unmarked: Collection[tuple[int, int]]) -> dict[str, list[int]]:
    """Return users and messages as the queries need them."""
    return {
        "user_ids": [user_id for user_id, _ in unmarked],
        "message_ids": [message_id for _, message_id in unmarked],
    }

"""Replays of DLQ entries."""

from datetime import datetime
from uuid import UUID

from bot.domain.dlq import Origin, ReplayRecord
from bot.domain.people import Person
from bot.storage.rows import from_row
from bot.storage.tables.parts import ReadPart, TransactionPart


class PostgresReplayReads(ReadPart):
    """A `bot.services.ports.store.replays.ReplayReads`."""

    async def replay_of(self, entry_id: UUID) -> ReplayRecord | None:
        row = await self._sql.first("replay", entry_id=entry_id)
        return None if row is None else from_row(ReplayRecord, row)

    async def origins(self, guild_id: int, at: datetime) -> list[Origin]:
        rows = await self._sql.all("origins", guild_id=guild_id, at=at)
        return [from_row(Origin, row) for row in rows]


class PostgresReplayWrites(TransactionPart):
    """A `bot.services.ports.store.replays.ReplayWrites`."""

    async def claim_replay(
        self, entry_id: UUID, *, guild_id: int, channel: str, by: Person, key: str
    ) -> bool:
        return await self._sql.has(
            "claim_replay",
            entry_id=entry_id,
            guild_id=guild_id,
            channel=channel,
            by_id=by.id,
            by_name=by.name,
            delivery_key=key,
        )

"""Replays of DLQ entries."""

from datetime import datetime
from uuid import UUID

from bot.domain.dlq import Origin, ReplayRecord
from bot.domain.people import Person
from bot.storage.database.sql import Row
from bot.storage.tables.parts import ReadPart, TransactionPart


class PostgresReplayReads(ReadPart):
    """A `bot.services.ports.store.replays.ReplayReads`."""

    async def replay_of(self, entry_id: UUID) -> ReplayRecord | None:
        row = await self._sql.first("replay", entry_id=entry_id)
        return None if row is None else _replay(row)

    async def origins(self, guild_id: int, at: datetime) -> list[Origin]:
        rows = await self._sql.all("origins", guild_id=guild_id, at=at)
        return [
            Origin(row["nonce"], row["incident_id"], row["channel_id"], row["message_id"]) for row in rows
        ]


class PostgresReplayWrites(TransactionPart):
    """A `bot.services.ports.store.replays.ReplayWrites`."""

    async def claim_replay(
        self, entry_id: UUID, *, guild_id: int, channel: str, by: Person, key: str
    ) -> bool:
        row = await self._sql.first(
            "claim_replay",
            entry_id=entry_id,
            guild_id=guild_id,
            channel=channel,
            by_id=by.id,
            by_name=by.name,
            delivery_key=key,
        )
        return row is not None


def _replay(row: Row) -> ReplayRecord:
    """Return the replay of a row of `dlq_replays`, with the place of its message."""
    return ReplayRecord(
        entry_id=row["entry_id"],
        requested_by_id=row["requested_by_id"],
        requested_by_name=row["requested_by_name"],
        requested_at=row["requested_at"],
        channel=row["channel"],
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        error=row["error"],
    )

"""Replays of DLQ entries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.domain.dlq.failures import EntryOrigin
from bot.domain.dlq.replays import ReplayRecord
from bot.domain.people import Person
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresReplayReads(ReadPart):
    """A `bot.services.ports.store.dlq.replays.ReplayReads`."""

    async def replay_of(self, entry_id: str) -> ReplayRecord | None:
        found = await self.replays_of([entry_id])
        return found[0] if found else None

    async def replays_of(self, entry_ids: Sequence[str]) -> list[ReplayRecord]:
        rows = await self._sql.all("replays", keys=[replay_key(entry_id) for entry_id in entry_ids])
        return [from_row(ReplayRecord, row) for row in rows]

    async def origins(self, guild_id: int, times: Sequence[datetime]) -> list[EntryOrigin]:
        rows = await self._sql.all("origins", guild_id=guild_id, times=list(times))
        return [from_row(EntryOrigin, row) for row in rows]

    async def private_origins(self, guild_id: int, since: datetime, until: datetime) -> list[EntryOrigin]:
        rows = await self._sql.all("private_origins", guild_id=guild_id, since=since, until=until)
        return [from_row(EntryOrigin, row) for row in rows]


class PostgresReplayWrites(TransactionPart):
    """A `bot.services.ports.store.dlq.replays.ReplayWrites`."""

    async def claim_replay(self, entry_id: str, *, guild_id: int, channel: str, by: Person, key: str) -> bool:
        return await self._sql.has(
            "claim_replay",
            key=replay_key(entry_id),
            entry_id=entry_id,
            guild_id=guild_id,
            channel=channel,
            by_id=by.id,
            by_name=by.name,
            delivery_key=key,
        )


def replay_key(entry_id: str) -> UUID:
    """Return the key of an entry's replay: its id, or a uuid made of an id that is none.

    Versions before 0041 know only tables whose ids are uuids, and run beside this one during an upgrade.
    """
    try:
        return UUID(entry_id)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"dlq-entry:{entry_id}")

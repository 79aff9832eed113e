"""Batches of replays, and webhooks that are gone."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.delivery.attempts import UNKNOWN
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.dlq.batches import (
    BatchEntry,
    BatchState,
    EntryState,
    ReplayBatch,
    ReplayTarget,
    Skip,
    Via,
)
from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql, many
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart
from bot.storage.tables.dlq.replays import replay_key
from bot.storage.tables.queued import QueuedDeliveries


class PostgresBatchReads(ReadPart):
    """A `bot.services.ports.store.dlq.replay_batches.BatchReads`."""

    async def replay_batch(self, batch_id: int, *, guild_id: int) -> ReplayBatch | None:
        row = await self._sql.first("replay_batch", batch_id=batch_id, guild_id=guild_id)
        return None if row is None else await _batch(self._sql, row)

    async def ended_webhooks(self, guild_id: int) -> frozenset[int]:
        rows = await self._sql.all("ended_webhooks", guild_id=guild_id)
        return frozenset(row["webhook_id"] for row in rows)


class PostgresBatchWrites(QueuedDeliveries):
    """A `bot.services.ports.store.dlq.replay_batches.BatchWrites`."""

    async def insert_batch(
        self, guild_id: int, target: ReplayTarget, entries: Sequence[BatchEntry], *, by: Person
    ) -> int:
        row = await self._sql.one("insert_batch", target, guild_id=guild_id, by_id=by.id, by_name=by.name)
        batch_id: int = row["id"]
        listed = many([_as_json(entry) for entry in entries])
        await self._sql.all("insert_batch_entries", batch_id=batch_id, entries=listed)
        return batch_id

    async def begin_batch(self, batch: ReplayBatch, *, by: Person) -> bool:
        where = {"batch_id": batch.id, "guild_id": batch.guild_id}
        if not await self._sql.has("begin_batch", **where):
            return False
        keys = [
            {"position": entry.position, "key": str(replay_key(entry.entry_id))} for entry in batch.to_send
        ]
        await self._sql.all(
            "claim_batch",
            **where,
            keys=many(keys),
            channel=batch.target.channel,
            by_id=by.id,
            by_name=by.name,
            unknown=UNKNOWN,
        )
        return True

    async def lock_batch(self, batch_id: int, *, guild_id: int) -> tuple[ReplayBatch, int] | None:
        row = await self._sql.first("lock_replay_batch", batch_id=batch_id, guild_id=guild_id)
        return None if row is None else (await _batch(self._sql, row), row["running"])

    async def move_batch(self, batch_id: int, *, after: timedelta) -> None:
        await self._sql.all("move_batch", batch_id=batch_id, after=after)

    async def queue_entry(self, batch_id: int, entry: BatchEntry) -> None:
        await self._sql.all("queue_entry", batch_id=batch_id, position=entry.position)

    async def skip_entry(self, batch_id: int, entry: BatchEntry, skip: Skip) -> None:
        await self._sql.all("skip_entry", batch_id=batch_id, position=entry.position, skip=skip.value)

    async def stop_batch(self, batch_id: int, *, guild_id: int, by: Person) -> bool:
        rows = await self._sql.all("stop_batch", batch_id=batch_id, guild_id=guild_id, by_name=by.name)
        self._queue.take_back([f"deliver:{row['id']}" for row in rows if row["id"] is not None])
        return bool(rows)

    async def end_batch(self, batch_id: int) -> bool:
        return await self._sql.has("end_batch", batch_id=batch_id)

    async def end_webhook(self, guild_id: int, webhook_id: int, *, channel: str) -> None:
        await self._sql.all("end_webhook", guild_id=guild_id, webhook_id=webhook_id, channel=channel)


async def _batch(sql: Sql, row: Row) -> ReplayBatch:
    entries = await sql.all("batch_entries", batch_id=row["id"])
    return from_row(
        ReplayBatch,
        row,
        state=BatchState(row["state"]),
        target=ReplayTarget(Via(row["via"]), row["channel"], row["keeps_mentions"]),
        entries=tuple(map(_entry, entries)),
    )


def _entry(row: Row) -> BatchEntry:
    return from_row(
        BatchEntry,
        row,
        state=EntryState(row["state"]),
        skip=None if row["skip"] is None else Skip(row["skip"]),
        status=None if row["status"] is None else DeliveryStatus(row["status"]),
    )


def _as_json(entry: BatchEntry) -> dict[str, object]:
    names = ("position", "entry_id", "channel", "state", "skip", "delivery_key")
    return {name: getattr(entry, name) for name in names}

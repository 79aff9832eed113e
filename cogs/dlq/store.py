"""Our own tables about undelivered notifications: replays, batches, ended webhooks, kept views, the watch.

Each class is for the guild that its `Sql` is for, within a transaction or without one.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.domain.delivery.delivery import UNKNOWN, DeliveryStatus
from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql, many
from bot.storage.rows import from_row
from cogs.dlq.rules import (
    DEEP,
    BatchEntry,
    BatchState,
    DlqBurst,
    DlqWatch,
    EntryOrigin,
    EntryState,
    ReplayBatch,
    ReplayRecord,
    ReplayTarget,
    SeenFailure,
    Skip,
    Via,
)


class ReplayRecords:
    """The replays of DLQ entries: an entry has one, unless that has failed."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, entry_id: str) -> ReplayRecord | None:
        """Return the replay of a DLQ entry: its person, and the message once that was sent."""
        replays = await self.of_each([entry_id])
        return replays[0] if replays else None

    async def of_each(self, entry_ids: Sequence[str]) -> list[ReplayRecord]:
        """Return the replays of several entries, of those that have one."""
        rows = await self._sql.all("replays", keys=[_key(entry_id) for entry_id in entry_ids])
        return [from_row(ReplayRecord, row) for row in rows]

    async def claim(self, entry_id: str, *, guild_id: int, channel: str, by: Person, key: str) -> bool:
        """Reserve an entry's one replay; False when it is taken by one that has not failed."""
        return await self._sql.has(
            "claim_replay",
            key=_key(entry_id),
            entry_id=entry_id,
            guild_id=guild_id,
            channel=channel,
            by_id=by.id,
            by_name=by.name,
            delivery_key=key,
        )


class EntryOrigins:
    """The deliveries of ours that DLQ entries may be about."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def at(self, guild_id: int, times: Sequence[datetime]) -> list[EntryOrigin]:
        """Return deliveries queued or first tried within a second of one of *times* (aware).

        A DLQ entry of such a moment may be about one of them. Its table may keep whole seconds only.
        """
        rows = await self._sql.all("origins", guild_id=guild_id, times=list(times))
        return [from_row(EntryOrigin, row) for row in rows]

    async def sent_late(self, guild_id: int, times: Sequence[datetime]) -> list[str]:
        """Return the nonces of those of `at` that an outage held back and that arrived later."""
        rows = await self._sql.all("sent_late", guild_id=guild_id, times=list(times))
        return [row["nonce"] for row in rows]

    async def private(self, guild_id: int, since: datetime, until: datetime) -> list[EntryOrigin]:
        """Return the deliveries of private incidents that were queued or first tried in this time."""
        rows = await self._sql.all("private_origins", guild_id=guild_id, since=since, until=until)
        return [from_row(EntryOrigin, row) for row in rows]


class EndedWebhooks:
    """The webhooks that Discord does not know any more."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def ids(self, guild_id: int) -> frozenset[int]:
        """Return their ids."""
        rows = await self._sql.all("ended_webhooks", guild_id=guild_id)
        return frozenset(row["webhook_id"] for row in rows)

    async def add(self, guild_id: int, webhook_id: int, *, channel: str) -> None:
        """Record that Discord does not know a webhook any more."""
        await self._sql.all("end_webhook", guild_id=guild_id, webhook_id=webhook_id, channel=channel)


class Batches:
    """Batches of replays."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def find(self, batch_id: int, *, guild_id: int) -> ReplayBatch | None:
        """Return a batch of a guild with its entries; None if there is none."""
        row = await self._sql.first("replay_batch", batch_id=batch_id, guild_id=guild_id)
        return None if row is None else await self._batch(row)

    async def insert(
        self, guild_id: int, target: ReplayTarget, entries: Sequence[BatchEntry], *, by: Person
    ) -> int:
        """Store the preview of a batch, and return its number."""
        row = await self._sql.one("insert_batch", target, guild_id=guild_id, by_id=by.id, by_name=by.name)
        batch_id: int = row["id"]
        names = ("position", "entry_id", "channel", "state", "skip", "delivery_key")
        listed = many([{name: getattr(entry, name) for name in names} for entry in entries])
        await self._sql.all("insert_batch_entries", batch_id=batch_id, entries=listed)
        return batch_id

    async def begin(self, batch: ReplayBatch, *, by: Person) -> bool:
        """Start a previewed batch, and reserve the one replay of each of its entries that wait.

        An entry whose replay is taken is skipped.

        Returns:
            False if it was started before.
        """
        where = {"batch_id": batch.id, "guild_id": batch.guild_id}
        if not await self._sql.has("begin_batch", **where):
            return False
        keys = [{"position": entry.position, "key": str(_key(entry.entry_id))} for entry in batch.to_send]
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

    async def lock(self, batch_id: int, *, guild_id: int) -> tuple[ReplayBatch, int] | None:
        """Lock a batch; return it with the number of batches that run in its guild."""
        row = await self._sql.first("lock_replay_batch", batch_id=batch_id, guild_id=guild_id)
        return None if row is None else (await self._batch(row), row["running"])

    async def move(self, batch_id: int, *, after: timedelta) -> None:
        """Set when the batch's job looks again: *after* this moment."""
        await self._sql.all("move_batch", batch_id=batch_id, after=after)

    async def queue_entry(self, batch_id: int, entry: BatchEntry) -> None:
        """Mark an entry as handed to its delivery."""
        await self._sql.all("queue_entry", batch_id=batch_id, position=entry.position)

    async def skip_entry(self, batch_id: int, entry: BatchEntry, skip: Skip) -> None:
        """Leave out an entry, and give back the replay that was reserved for it."""
        await self._sql.all("skip_entry", batch_id=batch_id, position=entry.position, skip=skip.value)

    async def stop(self, batch_id: int, *, guild_id: int, by: Person) -> list[int] | None:
        """Stop a running batch: what was not begun goes back, and can be replayed again.

        Returns:
            The ids of the deliveries that it cancels; None if it does not run, or was stopped before.
        """
        rows = await self._sql.all("stop_batch", batch_id=batch_id, guild_id=guild_id, by_name=by.name)
        return [row["id"] for row in rows if row["id"] is not None] if rows else None

    async def end(self, batch_id: int) -> None:
        """End a batch of which nothing is left."""
        await self._sql.all("end_batch", batch_id=batch_id)

    async def _batch(self, row: Row) -> ReplayBatch:
        entries = await self._sql.all("batch_entries", batch_id=row["id"])
        return from_row(
            ReplayBatch,
            row,
            state=BatchState(row["state"]),
            target=ReplayTarget(Via(row["via"]), row["channel"], row["keeps_mentions"]),
            entries=tuple(
                from_row(
                    BatchEntry,
                    entry,
                    state=EntryState(entry["state"]),
                    skip=None if entry["skip"] is None else Skip(entry["skip"]),
                    status=None if entry["status"] is None else DeliveryStatus(entry["status"]),
                )
                for entry in entries
            ),
        )


class KeptViews:
    """The views of the console that are too long for a button."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def keep(self, guild_id: int, states: Mapping[str, str]) -> None:
        """Keep each state under its token, for a month from its last use on."""
        rows = [{"token": token, "state": state} for token, state in states.items()]
        await self._sql.all("remember_dlq_views", guild_id=guild_id, states=rows)

    async def state(self, guild_id: int, token: str) -> str | None:
        """Return the state of a token; None if it is unknown, or was not used for a month."""
        row = await self._sql.first("dlq_view", guild_id=guild_id, token=token)
        return None if row is None else row["state"]


class Watches:
    """The watch over new failures of the highest severity, and the bursts that it has announced."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, guild_id: int) -> DlqWatch | None:
        """Return how far the guild's watch has looked; None before its first look."""
        row = await self._sql.first("dlq_watch", guild_id=guild_id)
        return None if row is None else from_row(DlqWatch, row)

    async def begin(self, guild_id: int) -> bool:
        """Begin to watch from now on; False if it has begun before."""
        return await self._sql.has("begin_dlq_watch", guild_id=guild_id)

    async def lock(self, guild_id: int) -> bool:
        """Lock the guild's watch, so that no two processes announce the same failures; False without one."""
        return await self._sql.has("lock_dlq_watch", guild_id=guild_id)

    async def end(self, guild_id: int) -> None:
        """Forget the watch, because the policy does not ask for it: what fails meanwhile stays untold."""
        await self._sql.all("end_dlq_watch", guild_id=guild_id)

    async def unseen(self, guild_id: int, entry_ids: Sequence[str]) -> frozenset[str]:
        """Return those of the entries that the watch has not seen."""
        rows = await self._sql.all("unseen_failures", guild_id=guild_id, entry_ids=list(entry_ids))
        return frozenset(row["entry_id"] for row in rows)

    async def note_seen(self, guild_id: int, failures: Sequence[SeenFailure]) -> frozenset[str]:
        """Record that failures were seen; return the ids of those that had not been."""
        keys = [{"id": one.id, "attempted_at": one.attempted_at.isoformat()} for one in failures]
        rows = await self._sql.all("note_seen", guild_id=guild_id, failures=many(keys))
        return frozenset(row["entry_id"] for row in rows)

    async def move(self, guild_id: int, *, at: datetime, is_deep: bool) -> None:
        """Record that everything until *at* was looked at; a deep look forgets what it cannot meet again."""
        # Twice as far back as it ever looks again.
        await self._sql.all(
            "move_dlq_watch", guild_id=guild_id, at=at, is_deep=is_deep, forgotten=at - 2 * DEEP
        )

    async def burst(self, burst_id: int) -> DlqBurst | None:
        """Return a burst of failures."""
        row = await self._sql.first("dlq_burst", burst_id=burst_id)
        return None if row is None else _burst(row)

    async def latest_burst(self, guild_id: int) -> DlqBurst | None:
        """Return the burst that was opened last."""
        row = await self._sql.first("latest_burst", guild_id=guild_id)
        return None if row is None else _burst(row)

    async def open_burst(self, guild_id: int, *, count: int, shown: Sequence[SeenFailure]) -> DlqBurst:
        """Open a burst of *count* failures."""
        listed = [one.to_json() for one in shown]
        return _burst(await self._sql.one("open_burst", guild_id=guild_id, count=count, shown=listed))

    async def count_in(self, burst_id: int, failures: Sequence[SeenFailure], *, guild_id: int) -> None:
        """Record which burst tells of *failures*."""
        ids = [one.id for one in failures]
        await self._sql.all("count_in_burst", burst_id=burst_id, guild_id=guild_id, entry_ids=ids)

    async def unfinished_bursts(self, guild_id: int) -> list[tuple[DlqBurst, list[SeenFailure]]]:
        """Return the bursts of the last day of which not all have arrived, each with its failures."""
        rows = await self._sql.all("unfinished_bursts", guild_id=guild_id)
        return [(_burst(row), [SeenFailure.from_json(one) for one in row["failures"]]) for row in rows]

    async def note_arrived(self, burst_id: int, arrived: Collection[str]) -> bool:
        """Record which failures of a burst have arrived; return False if another process did."""
        return await self._sql.has("note_arrived", burst_id=burst_id, arrived=sorted(arrived))

    async def grow_burst(self, burst_id: int, *, count: int, shown: Sequence[SeenFailure]) -> None:
        """Set how many failures a burst has, and which it lists."""
        listed = [one.to_json() for one in shown]
        await self._sql.all("grow_burst", burst_id=burst_id, count=count, shown=listed)


def _key(entry_id: str) -> UUID:
    """Return the key of an entry's replay: its id, or a uuid made of an id that is none.

    Versions before 0041 know only tables whose ids are uuids, and run beside this one during an upgrade.
    """
    try:
        return UUID(entry_id)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"dlq-entry:{entry_id}")


def _burst(row: Row) -> DlqBurst:
    shown = tuple(map(SeenFailure.from_json, row["shown"]))
    return from_row(DlqBurst, row, shown=shown, arrived=frozenset(row["arrived"]))

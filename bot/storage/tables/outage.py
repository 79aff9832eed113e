"""The mirror of open work for the time when the database is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.outage.watches import OfflineKind, Watch, WatchChange, watch_key
from bot.services.outage.journal import watch_from_data
from bot.storage.database.pools import borrow
from bot.storage.database.pulse import Pulse
from bot.storage.database.sql import Row, Sql
from bot.storage.tables.bases import ReadPart, TransactionPart

log = structlog.get_logger(__name__)

#: The kinds of deliveries that can be sent without a database, by name.
_TOLD: Final = sorted(OfflineKind)


class PostgresOutageMirror(ReadPart):
    """A `bot.services.ports.store.outage.OutageMirror`."""

    _pool: asyncpg.Pool
    _pulse: Pulse
    _listener: Callable[[WatchChange], None] | None = None

    def listen(self, listener: Callable[[WatchChange], None]) -> None:
        self._listener = listener

    async def _change(self, tx: "PostgresOutageChanges") -> WatchChange | None:
        """Return what the listener needs to hear of *tx* once it is committed; None without a listener."""
        return None if self._listener is None else await tx.change()

    def _tell(self, change: WatchChange | None) -> None:
        if self._listener is None or change is None:
            return
        try:
            self._listener(change)
        except Exception:  # it is committed, so the caller must not see a failure
            log.exception("emergency.not_noted")

    async def beat(self, *, mirror: UUID | None = None) -> datetime:
        return await self._pulse.beat(mirror, self._guild_id)

    def refused(self, reason: str) -> None:
        """See `bot.storage.database.pulse.Pulse.refused`."""
        self._pulse.refused(reason)

    async def leave(self, mirror: UUID) -> None:
        await self._sql.all("leave", mirror_id=mirror)

    async def is_untold(self) -> bool:
        is_untold: bool = (await self._sql.one("is_untold", guild_id=self._guild_id))["is_untold"]
        return is_untold

    async def watched(self, *, without: Sequence[str], limit: int) -> list[Watch]:
        async with self._droppable() as sql:
            rows = await sql.all(
                "nearest_watched",
                except_severities=list(without),
                told_kinds=_TOLD,
                guild_id=self._guild_id,
                limit=limit,
            )
            return await _watches(sql, [row["id"] for row in rows])

    async def known_alerts(self, *, without: Sequence[str], since: timedelta, limit: int) -> frozenset[str]:
        async with self._droppable() as sql:
            rows = await sql.all(
                "known_alerts",
                except_severities=list(without),
                since=since,
                guild_id=self._guild_id,
                limit=limit,
            )
            return frozenset(row["fingerprint"] for row in rows)

    @asynccontextmanager
    async def _droppable(self) -> AsyncIterator[Sql]:
        """Yield a connection for a reading that may be cancelled."""
        async with borrow(self._pool) as connection:
            try:
                yield Sql(connection)
            except asyncio.CancelledError:
                connection.terminate()  # as in `Pulse`: asyncpg would wait for a server that hangs
                raise


class PostgresOutageChanges(TransactionPart):
    """The part of a transaction that tells the mirror what it has changed."""

    async def change(self) -> WatchChange | None:
        """Return what this transaction changes, once everything is written; None when it changes nothing."""
        if not self._begun and not self._ended:
            return None
        begun = await _watches(self._sql, sorted(self._begun))
        ended = {watch_key(each) for each in self._begun | self._ended} - {watch.key for watch in begun}
        return WatchChange(tuple(begun), frozenset(ended))


async def _watches(sql: Sql, ids: Collection[int]) -> list[Watch]:
    if not ids:
        return []
    rows = await sql.all("watches", incident_ids=list(ids), ack_kinds=sorted(ACK_KINDS), told_kinds=_TOLD)
    return [_watch(row) for row in rows]


def _watch(row: Row) -> Watch:
    """Return the watch of *row*. A private incident uses its thread or, while it has none, only DMs."""
    to: str | None = "channel"
    if row["is_private"]:
        to = None if row["private_thread_id"] is None else f"thread:{row['private_thread_id']}"
    kept = {key: value for key, value in row.items() if key not in {"private_thread_id", "owed"}}
    owed = [{**each, "to": to if each["to"] == "incident" else each["to"]} for each in row["owed"]]
    told = [each for each in owed if _may_be_told(each["to"], to, is_private=row["is_private"])]
    return watch_from_data({**kept, "to": to, "owed": told})


def _may_be_told(where: str | None, to: str | None, *, is_private: bool) -> bool:
    """Return True if a delivery may go to *where*; for a private incident, not to a public channel."""
    return where is not None and (not is_private or where == to or where.startswith("person:"))

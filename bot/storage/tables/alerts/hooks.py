"""Hooks as they came."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bot.domain.changes import RecentChange
from bot.domain.hooks.hook import HookRequest, NewHook, ProcessedHook, StoredHook
from bot.storage.tables.bases import ReadPart, TransactionPart

#: Of the bodies that are read together: a hook that is processed in parts is read for each of them.
_MOST_BYTES: Final = 1 << 20

#: Deployments that are read together: a card shows fewer.
_MOST_CHANGES: Final = 100


class PostgresHookReads(ReadPart):
    """A `bot.services.ports.store.alerts.hooks.HookReads`."""

    async def waiting_hooks(self, *, most: int) -> int:
        waiting: int = (await self._sql.one("waiting_hooks", most=most))["waiting"]
        return waiting

    async def next_hooks(self, guild_id: int, source: str, *, limit: int) -> list[StoredHook]:
        rows = await self._sql.all(
            "next_hooks", guild_id=guild_id, source=source, limit=limit, most_bytes=_MOST_BYTES
        )
        return [_stored(row) for row in rows]

    async def known_hooks(self, guild_id: int, source: str, delivery_ids: Sequence[str]) -> set[str]:
        rows = await self._sql.all(
            "known_hooks", guild_id=guild_id, source=source, delivery_ids=list(delivery_ids)
        )
        return {row["delivery_id"] for row in rows}

    async def finish_hooks(self, done: Sequence[ProcessedHook]) -> None:
        await self._sql.all(
            "finish_hooks",
            ids=[hook.id for hook in done],
            events=[hook.events for hook in done],
            problems=[hook.problem for hook in done],
            are_done=[hook.is_done for hook in done],
        )

    async def note_changes(self, guild_id: int, changes: Sequence[RecentChange], *, said_id: int) -> None:
        each = {change.key: change for change in changes}  # a statement can store each once
        await self._sql.all(
            "note_changes",
            guild_id=guild_id,
            said_id=said_id,
            keys=list(each),
            moments=[change.at for change in each.values()],
            changes=[json.dumps(change.to_json()) for change in each.values()],
        )

    async def reported_changes(
        self, guild_id: int, *, since: datetime, until: datetime
    ) -> list[RecentChange]:
        rows = await self._sql.all(
            "reported_changes", guild_id=guild_id, since=since, until=until, limit=_MOST_CHANGES
        )
        return [RecentChange.from_json(row["change"]) for row in rows]

    async def forget_hooks(self) -> int:
        deleted: int = (await self._sql.one("forget_hooks"))["deleted"]
        return deleted


class PostgresHookWrites(TransactionPart):
    """A `bot.services.ports.store.alerts.hooks.HookWrites`."""

    async def add_hooks(self, hooks: Sequence[NewHook]) -> list[bool]:
        rows = await self._sql.all(
            "add_hooks",
            guild_ids=[hook.guild_id for hook in hooks],
            sources=[hook.source for hook in hooks],
            delivery_ids=[hook.delivery_id for hook in hooks],
            headers=[json.dumps(dict(hook.request.headers)) for hook in hooks],
            bodies=[hook.request.body for hook in hooks],
            moments=[hook.at for hook in hooks],
        )
        new = {(row["guild_id"], row["source"], row["delivery_id"]) for row in rows}
        return [(hook.guild_id, hook.source, hook.delivery_id) in new for hook in hooks]


def _stored(row: Mapping[str, Any]) -> StoredHook:
    return StoredHook(
        id=row["id"],
        request=HookRequest(row["headers"], row["body"]),
        at=row["received_at"],
        next_event=row["next_event"],
        problem=row["problem"],
    )

"""The tables of hooks: as they came, until they are processed."""

import json
from collections.abc import Collection, Sequence
from typing import Final

from bot.storage.database.sql import Sql
from bot.storage.tables.statistics import RowGauge
from cogs.hooks.rules import HookRequest, NewHook, ProcessedHook, StoredHook

#: Of the bodies that are read together: a hook that is processed in parts is read for each of them.
_MOST_BYTES: Final = 1 << 20


class Hooks:
    """The hooks of all guilds, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, hooks: Sequence[NewHook]) -> list[bool]:
        """Store hooks, and return for each if it is new: a source's known delivery id is not stored again."""
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

    async def waiting(self, *, most: int) -> int:
        """Count the hooks that wait to be processed, up to *most*."""
        waiting: int = (await self._sql.one("waiting_hooks", most=most))["waiting"]
        return waiting

    async def next(self, guild_id: int, source: str, *, limit: int) -> list[StoredHook]:
        """Return the hooks of a source that wait to be processed, oldest first; at least one, if any waits.

        Fewer than *limit* come back if their bodies are large.
        """
        rows = await self._sql.all(
            "next_hooks", guild_id=guild_id, source=source, limit=limit, most_bytes=_MOST_BYTES
        )
        return [
            StoredHook(
                id=row["id"],
                request=HookRequest(row["headers"], row["body"]),
                at=row["received_at"],
                next_event=row["next_event"],
                problem=row["problem"],
            )
            for row in rows
        ]

    async def known(self, guild_id: int, source: str, delivery_ids: Sequence[str]) -> set[str]:
        """Return which of *delivery_ids* are stored."""
        rows = await self._sql.all(
            "known_hooks", guild_id=guild_id, source=source, delivery_ids=list(delivery_ids)
        )
        return {row["delivery_id"] for row in rows}

    async def finish(self, done: Sequence[ProcessedHook]) -> None:
        """Record that hooks have been processed, or a part of one."""
        await self._sql.all(
            "finish_hooks",
            ids=[hook.id for hook in done],
            events=[hook.events for hook in done],
            problems=[hook.problem for hook in done],
            are_done=[hook.is_done for hook in done],
        )

    async def forget(self) -> int:
        """Delete at most a thousand processed hooks that are 14 days old; return how many."""
        deleted: int = (await self._sql.one("forget_hooks"))["deleted"]
        return deleted


async def gauges(sql: Sql, off: Collection[int]) -> list[RowGauge]:
    """Return how many hooks wait, for the monitoring system."""
    waiting = (await sql.one("hook_figures", off=list(off)))["waiting"]
    return [RowGauge("incident_bot_hooks_waiting", "Hooks that wait to be processed", (), {(): waiting})]

"""Hooks as they came."""

import json
from collections.abc import Sequence

from bot.domain.hooks.hook import HookRequest, NewHook, ProcessedHook, StoredHook
from bot.storage.tables.parts import ReadPart, TransactionPart


class PostgresHookReads(ReadPart):
    """A `bot.services.ports.store.hooks.HookReads`."""

    async def waiting_hooks(self, *, most: int) -> int:
        waiting: int = (await self._sql.one("waiting_hooks", most=most))["waiting"]
        return waiting

    async def next_hooks(self, guild_id: int, source: str, *, limit: int) -> list[StoredHook]:
        rows = await self._sql.all("next_hooks", guild_id=guild_id, source=source, limit=limit)
        return [
            StoredHook(row["id"], HookRequest(row["headers"], row["body"]), row["received_at"])
            for row in rows
        ]

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
        )

    async def forget_hooks(self) -> None:
        await self._sql.all("forget_hooks")


class PostgresHookWrites(TransactionPart):
    """A `bot.services.ports.store.hooks.HookWrites`."""

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

"""The deployments that other systems have reported."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.systems import RecentChange
from bot.storage.database.sql import Sql

#: Deployments that are read together: a card shows fewer.
_MOST: Final = 100


class ReportedChanges:
    """The deployments of all guilds, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def note(self, guild_id: int, changes: Sequence[RecentChange], *, said_id: int) -> None:
        """Store deployments that a source has reported, in the place of what it said of them before.

        Args:
            changes: Each with a key.
            said_id: Of what it has sent (`bot.domain.alerts.events.event_id`): the last word counts.
        """
        each = {change.key: change for change in changes}  # a statement can store each once
        await self._sql.all(
            "note_changes",
            guild_id=guild_id,
            said_id=said_id,
            keys=list(each),
            moments=[change.at for change in each.values()],
            changes=[json.dumps(change.to_json()) for change in each.values()],
        )

    async def between(self, guild_id: int, since: datetime, until: datetime) -> list[RecentChange]:
        """Return the newest deployments that were reported and begun in that time."""
        rows = await self._sql.all(
            "reported_changes", guild_id=guild_id, since=since, until=until, limit=_MOST
        )
        return [RecentChange.from_json(row["change"]) for row in rows]

    async def forget(self) -> int:
        """Delete at most a thousand that are 14 days old; return how many."""
        deleted: int = (await self._sql.one("forget_reported_changes"))["deleted"]
        return deleted

"""What this installation serves, the guild of a row, looked up over all guilds, and reported deployments."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.installation import Installation
from bot.domain.systems import RecentChange
from bot.storage.database.sql import Sql

#: Deployments that are read together: a card shows fewer.
_MOST: Final = 100


class InstallationRows:
    """The facts of the installation, and the guilds that it serves."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def installation(self) -> Installation:
        """Return the facts that all instances on this database share."""
        row = await self._sql.one("installation")
        return Installation(id=str(row["id"]), link_key=row["link_key"])

    async def register_guild(self, guild_id: int) -> datetime:
        """Note since when we serve a guild; returns that time."""
        await self._sql.all("register_guild", guild_id=guild_id)
        installed_at: datetime = (await self._sql.one("guild_installed_at", guild_id=guild_id))[
            "installed_at"
        ]
        return installed_at


class GuildFinder:
    """Finds whose a row is, over all guilds, where a number came without one: from a job, or from a DM.

    No method tells anything about a row but its guild; None: there is no such row.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def guild_of_incident(self, incident_id: int) -> int | None:
        """Return an incident's guild."""
        return await self._guild("guild_of_incident", incident_id=incident_id)

    async def guild_of_triage(self, triage_id: int) -> int | None:
        """Return a triage's guild."""
        return await self._guild("guild_of_triage", triage_id=triage_id)

    async def guild_of(self, query: str, number: int) -> int | None:
        """Return the guild that a capability's query finds for a number of its own."""
        return await self._guild(query, number=number)

    async def guild_of_delivery(self, delivery_id: int) -> int | None:
        """Return a delivery's guild."""
        return await self._guild("guild_of_delivery", delivery_id=delivery_id)

    async def guild_of_message(self, message_id: int) -> int | None:
        """Return the guild of the incident on whose message a 👀 counts (`incident_by_message`)."""
        return await self._guild(
            "incident_by_message", message_id=message_id, kinds=sorted(ACK_KINDS), guild_id=None
        )

    async def _guild(self, query: str, **parameters: object) -> int | None:
        row = await self._sql.first(query, **parameters)
        return None if row is None else row["guild_id"]


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

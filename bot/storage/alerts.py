"""Alerts of others: the messages that were counted, and how far each channel was read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.domain.incident import Incident
from bot.domain.triage_session import Triage
from bot.storage.rows import incident_from_row
from bot.storage.sql import Sql

_NEWEST: Final = 3  # messages of one alert whose reactions are read; the events tell of the others


class AlertWrites:
    """The part of a transaction that is about alerts of others."""

    _sql: Sql
    _guild_id: int | None

    async def lock_fingerprint(self, guild_id: int, fingerprint: str) -> None:
        await self._sql.all("lock_fingerprint", f"alert:{guild_id}:{fingerprint}")

    async def alert_of_message(self, message_id: int) -> int | None:
        row = await self._sql.first("alert_of_message", message_id, self._guild_id)
        return None if row is None else row["incident_id"]

    async def same_alert(
        self, guild_id: int, fingerprint: str, *, since: datetime, lesser: Sequence[str]
    ) -> Incident | None:
        row = await self._sql.first("same_alert", guild_id, fingerprint, since, list(lesser))
        return None if row is None else incident_from_row(row)

    async def note_alert(self, incident_id: int, *, channel_id: int, message_id: int) -> None:
        await self._sql.all("note_alert", message_id, channel_id, incident_id)

    async def set_triaged(
        self, incident_id: int, triage: Triage, *, path: tuple[tuple[str, str], ...]
    ) -> Incident:
        said = (triage.title, path, triage.targets, triage.symptoms, triage.started_at)
        return incident_from_row(await self._sql.one("set_triaged", incident_id, *said))


class AlertReads:
    """The part of the store that is about alerts of others."""

    _sql: Sql

    async def alert_messages(self, incident_id: int) -> list[tuple[int, int]]:
        rows = await self._sql.all("alert_messages", incident_id, _NEWEST)
        return [(row["channel_id"], row["message_id"]) for row in rows]

    async def alert_cursor(self, guild_id: int, channel_id: int) -> int | None:
        row = await self._sql.first("alert_cursor", guild_id, channel_id)
        return None if row is None else row["message_id"]

    async def move_alert_cursor(self, guild_id: int, channel_id: int, message_id: int) -> None:
        await self._sql.all("move_alert_cursor", guild_id, channel_id, message_id)

"""Maintenance windows, and the alerts that they hold."""

from datetime import datetime

from bot.domain.alerts.windows import AlertWindow, HeldAlert, HeldCount, HeldGroup
from bot.domain.people import Person
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresAlertWindowReads(ReadPart):
    """A `bot.services.ports.store.alerts.windows.AlertWindowReads`."""

    async def open_windows(self, guild_id: int) -> list[AlertWindow]:
        return [_window(row) for row in await self._sql.all("open_windows", guild_id=guild_id)]

    async def alert_window(self, guild_id: int, window_id: int) -> AlertWindow | None:
        row = await self._sql.first("alert_window", guild_id=guild_id, window_id=window_id)
        return None if row is None else _window(row)

    async def held_alerts(self, window_id: int) -> list[HeldGroup]:
        rows = await self._sql.all("held_alerts", window_id=window_id)
        return [from_row(HeldGroup, row, alert=HeldAlert.from_json(row["held"])) for row in rows]


class PostgresAlertWindowWrites(TransactionPart):
    """A `bot.services.ports.store.alerts.windows.AlertWindowWrites`."""

    async def begin_window(
        self, guild_id: int, target: str, *, ends_at: datetime, reason: str, by: Person
    ) -> AlertWindow:
        row = await self._sql.one(
            "begin_window",
            guild_id=guild_id,
            target=target,
            reason=reason,
            by_id=by.id,
            by_name=by.name,
            ends_at=ends_at,
        )
        return _window(row)

    async def end_window(self, guild_id: int, window_id: int, *, by: Person | None) -> AlertWindow | None:
        ended_by = None if by is None else by.name
        row = await self._sql.first("end_window", guild_id=guild_id, window_id=window_id, ended_by=ended_by)
        return None if row is None else _window(row)

    async def holding_windows(self, guild_id: int) -> list[AlertWindow]:
        return [_window(row) for row in await self._sql.all("holding_windows", guild_id=guild_id)]

    async def fires_still(self, guild_id: int, window_id: int, fingerprint: str) -> bool:
        row = await self._sql.one(
            "fires_still", guild_id=guild_id, window_id=window_id, fingerprint=fingerprint
        )
        found: bool = row["fires"]
        return found

    async def tracked_since(self, guild_id: int, held: HeldGroup) -> int | None:
        row = await self._sql.first("tracked_since", held, guild_id=guild_id)
        return None if row is None else row["incident_id"]

    async def adopt_held(self, window_id: int, fingerprint: str, *, incident_id: int) -> None:
        await self._sql.all(
            "adopt_held", window_id=window_id, fingerprint=fingerprint, incident_id=incident_id
        )

    async def count_held(self, window_id: int) -> HeldCount:
        row = await self._sql.one("count_held", window_id=window_id)
        return from_row(HeldCount, row, numbers=tuple(row["numbers"]))

    async def settle_window(self, window_id: int) -> bool:
        return await self._sql.has("settle_window", window_id=window_id)


def _window(row: Row) -> AlertWindow:
    return from_row(AlertWindow, row)

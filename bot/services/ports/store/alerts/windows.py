"""Maintenance windows, and the alerts that they hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.alerts.windows import AlertWindow, HeldCount, HeldGroup
from bot.domain.people import Person


class AlertWindowReads(Protocol):
    """Reads maintenance windows, each in a statement of its own."""

    async def open_windows(self, guild_id: int) -> list[AlertWindow]:
        """Return the windows that hold alerts now, those that end first at the beginning."""

    async def alert_window(self, guild_id: int, window_id: int) -> AlertWindow | None:
        """Return the guild's maintenance window with that number; None if there is none."""

    async def held_alerts(self, window_id: int) -> Sequence[HeldGroup]:
        """Return the alerts that a window has held and that have no incident."""


class AlertWindowWrites(Protocol):
    """The part of a transaction that changes maintenance windows."""

    async def begin_window(
        self, guild_id: int, target: str, *, ends_at: datetime, reason: str, by: Person
    ) -> AlertWindow:
        """Open a window; if one is open for the target, change that one."""

    async def end_window(self, guild_id: int, window_id: int, *, by: Person | None) -> AlertWindow | None:
        """End a window; None if it has ended before, or *by* is None and its time is not over."""

    async def holding_windows(self, guild_id: int) -> list[AlertWindow]:
        """Return the windows that hold alerts now. None of them ends before the commit."""

    async def fires_still(self, guild_id: int, window_id: int, fingerprint: str) -> bool:
        """Return True if an alert that a window has held is not over. The fingerprint must be locked."""

    async def tracked_since(self, guild_id: int, held: HeldGroup) -> int | None:
        """Return the number of the incident on which the alert was counted after the window; None without."""

    async def adopt_held(self, window_id: int, fingerprint: str, *, incident_id: int) -> None:
        """Count what a window has held of an alert on an incident."""

    async def count_held(self, window_id: int) -> HeldCount:
        """Count the alerts that a maintenance window has held back."""

    async def settle_window(self, window_id: int) -> bool:
        """Record that what a window has held is dealt with; return False if that is recorded already."""

"""Drills."""

from typing import Protocol

from bot.domain.drill import Drill


class DrillWrites(Protocol):
    """The part of a transaction that is about drills."""

    async def insert_drill(self, drill: Drill) -> bool:
        """Store a new drill; False while another one of its guild goes on."""

    async def drill(self, incident_id: int) -> Drill | None:
        """Lock and return the drill of an incident. Lock the incident first."""

    async def running_drill(self, guild_id: int) -> Drill | None:
        """Return the running drill of a guild."""

    async def save_drill(self, drill: Drill) -> None:
        """Store how far the drill has come. The row must be locked."""

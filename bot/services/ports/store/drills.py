"""Drills."""

from typing import Protocol

from bot.domain.drill import Drill


class DrillWrites(Protocol):
    """The part of a transaction that is about drills."""

    async def insert_drill(self, drill: Drill) -> bool:
        """Store a new drill; False while another one of its guild goes on."""
        ...

    async def drill(self, incident_id: int) -> Drill | None:
        """The drill that an incident belongs to, locked until the commit; lock its incident first."""
        ...

    async def running_drill(self, guild_id: int) -> Drill | None:
        """The one drill of a guild that goes on."""
        ...

    async def save_drill(self, drill: Drill) -> None:
        """Write how far it is. The row must be locked."""
        ...

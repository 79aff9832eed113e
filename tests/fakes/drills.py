"""Drills in memory."""

from dataclasses import replace

from bot.domain.drill import Drill
from tests.fakes.base import FakePart


class FakeDrills(FakePart):
    """The part of a transaction that is about drills."""

    async def insert_drill(self, drill: Drill) -> bool:
        if drill.incident_id in self.state.drills or await self.running_drill(drill.guild_id):
            return False
        self.state.drills[drill.incident_id] = drill
        return True

    async def drill(self, incident_id: int) -> Drill | None:
        return self.state.drills.get(incident_id)

    async def running_drill(self, guild_id: int) -> Drill | None:
        running = (one for one in self.state.drills.values() if one.ended_at is None)
        return next((one for one in running if one.guild_id == guild_id), None)

    async def save_drill(self, drill: Drill) -> None:
        known = self.state.drills[drill.incident_id]
        self.state.drills[drill.incident_id] = replace(
            known, played=drill.played, next_at=drill.next_at, ended_at=drill.ended_at
        )

"""The table of calls for teams."""

from datetime import datetime

from bot.storage.database.sql import Sql
from bot.storage.rows import from_row
from cogs.teams.rules import TeamCall


class TeamCalls:
    """The calls that *sql* sees, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, incident_id: int, guild_id: int, team: str | None, *, due_at: datetime) -> TeamCall:
        """Store a call for the first place of a team."""
        row = await self._sql.one(
            "add_team_call", incident_id=incident_id, guild_id=guild_id, team=team, due_at=due_at
        )
        return from_row(TeamCall, row)

    async def call(self, call_id: int) -> TeamCall | None:
        """Return a call; None if its incident is gone."""
        row = await self._sql.first("team_call", call_id=call_id)
        return None if row is None else from_row(TeamCall, row)

    async def waiting(self, incident_id: int, team: str | None) -> TeamCall | None:
        """Return the call for *team* that waits for an answer; None without one."""
        row = await self._sql.first("waiting_team_call", incident_id=incident_id, team=team)
        return None if row is None else from_row(TeamCall, row)

    async def move(self, call: TeamCall, *, asked: int, due_at: datetime) -> None:
        """Note that the next place was called."""
        await self._sql.one("move_team_call", call_id=call.id, asked=asked, due_at=due_at)

    async def finish(self, call: TeamCall, *, at: datetime) -> None:
        """Note that the call waits for nobody any more."""
        await self._sql.one("finish_team_call", call_id=call.id, done_at=at)

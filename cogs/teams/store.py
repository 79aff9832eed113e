"""The table of calls for teams."""

from datetime import datetime

from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.teams.rules import TeamCall


class TeamCalls:
    """The calls that *sql* sees, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, call: TeamCall) -> TeamCall:
        """Store a new call, and return it with its number."""
        row = await self._sql.one(
            "add_team_call",
            incident_id=call.incident_id,
            guild_id=call.guild_id,
            team=call.team,
            asked=call.asked,
            due_at=call.due_at,
            called_ids=list(call.called_ids),
            before_ids=list(call.before_ids),
        )
        return _call(row)

    async def call(self, call_id: int) -> TeamCall | None:
        """Return a call; None if its incident is gone."""
        row = await self._sql.first("team_call", call_id=call_id)
        return None if row is None else _call(row)

    async def waiting(self, incident_id: int, team: str | None) -> TeamCall | None:
        """Return the call for *team* that waits for an answer; None without one."""
        row = await self._sql.first("waiting_team_call", incident_id=incident_id, team=team)
        return None if row is None else _call(row)

    async def move(self, call: TeamCall) -> None:
        """Note that the next place was called, as *call* has it."""
        await self._sql.one(
            "move_team_call",
            call_id=call.id,
            asked=call.asked,
            due_at=call.due_at,
            called_ids=list(call.called_ids),
        )

    async def finish(self, call: TeamCall, *, at: datetime) -> None:
        """Note that the call waits for nobody any more."""
        await self._sql.one("finish_team_call", call_id=call.id, done_at=at)


def _call(row: Row) -> TeamCall:
    return from_row(TeamCall, row, called_ids=tuple(row["called_ids"]), before_ids=tuple(row["before_ids"]))

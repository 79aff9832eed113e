"""The roles that the bot has given, and the problems that it has reported to the team."""

from collections.abc import Iterable
from datetime import datetime

from bot.storage.database.sql import Sql
from bot.storage.rows import from_row
from cogs.roles.rules import Grant, Refused, problem_of


class RoleRows:
    """The rows of one guild, within a transaction or without one."""

    def __init__(self, sql: Sql, guild_id: int) -> None:
        self._sql = sql
        self._guild_id = guild_id

    async def grants(self) -> dict[tuple[int, int], Grant]:
        """Return the grants, by the ids of role and user."""
        rows = await self._sql.all("role_grants", guild_id=self._guild_id)
        return {(row["role_id"], row["user_id"]): from_row(Grant, row) for row in rows}

    async def begin(self, role_id: int, user_id: int, name: str) -> None:
        """Record that the bot is about to ask Discord to give a role."""
        await self._sql.all(
            "begin_grant", guild_id=self._guild_id, role_id=role_id, user_id=user_id, name=name
        )

    async def finish(self, role_id: int, user_id: int, name: str) -> None:
        """Record that Discord has given it."""
        await self._sql.all(
            "finish_grant", guild_id=self._guild_id, role_id=role_id, user_id=user_id, name=name
        )

    async def end(self, grant: Grant) -> bool:
        """Forget a role that was taken; return False if it was given anew meanwhile."""
        return await self._sql.has("end_grant", grant, guild_id=self._guild_id)

    async def note(self, refused: Refused) -> datetime | None:
        """Record a problem; return the time, or None if it is already known."""
        row = await self._sql.first(
            "note_role_problem", refused, guild_id=self._guild_id, problem=refused.problem.value
        )
        return None if row is None else row["told_at"]

    async def problems(self) -> dict[Refused, datetime]:
        """Return the unsolved problems, each with the time when the team was told."""
        rows = await self._sql.all("role_problems", guild_id=self._guild_id)
        return {
            Refused(row["role"], problem_of(row["problem"]), row["who"], row["code"]): row["told_at"]
            for row in rows
        }

    async def forget_others(self, standing: Iterable[Refused]) -> None:
        """Delete the problems that are not in *standing*."""
        left = [{"role": one.role, "who": one.who} for one in standing]
        await self._sql.all("forget_role_problems", guild_id=self._guild_id, standing=left)

"""Rounds of live checks."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.systems import CheckResult
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.checks.rules import CheckRound, ChecksShown


class CheckStore:
    """The rounds of live checks, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def last(self, incident: Incident) -> CheckRound | None:
        """Return the last round of *incident*; None if there was none."""
        row = await self._sql.first("live_check", incident_id=incident.id, guild_id=incident.guild_id)
        return None if row is None else _round(row)

    async def ask(
        self, incident: Incident, *, by: Person | None, target: str | None, anew: bool, pause: timedelta
    ) -> CheckRound | None:
        """Begin a round; None if the last one began less than *pause* ago.

        Args:
            incident: That it is about.
            by: Who asks; None: it begins by itself.
            target: The one that is asked about; None: those of the incident.
            anew: It is shown in a message of its own; else in that of the round before, about its target.
            pause: The least time between two rounds.
        """
        row = await self._sql.first(
            "ask_live_check",
            incident_id=incident.id,
            guild_id=incident.guild_id,
            target=target,
            by_id=None if by is None else by.id,
            by_name=None if by is None else by.name,
            anew=anew,
            pause=pause,
        )
        return None if row is None else _round(row)

    async def finish(self, checked: CheckRound, results: Sequence[CheckResult]) -> CheckRound | None:
        """Record the results of a round; None if that was done before, or another one has begun."""
        stored = [each.to_json() for each in results]
        row = await self._sql.first("finish_live_check", checked, results=stored)
        return None if row is None else _round(row)


def _round(row: Row) -> CheckRound:
    results = ChecksShown.from_json({"results": row["results"]}).results
    return from_row(CheckRound, row, results=results)

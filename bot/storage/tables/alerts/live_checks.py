"""Rounds of live checks."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.systems.results import CheckResult
from bot.domain.systems.rounds import CheckRound, ChecksShown
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart


class PostgresLiveCheckReads(ReadPart):
    """A `bot.services.ports.store.alerts.live_checks.LiveCheckReads`."""

    async def live_check(self, incident: Incident) -> CheckRound | None:
        row = await self._sql.first("live_check", incident_id=incident.id, guild_id=incident.guild_id)
        return None if row is None else _round(row)


class PostgresLiveCheckWrites(PostgresLiveCheckReads):
    """A `bot.services.ports.store.alerts.live_checks.LiveCheckWrites`."""

    async def ask_live_check(
        self, incident: Incident, *, by: Person | None, target: str | None, anew: bool, pause: timedelta
    ) -> CheckRound | None:
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

    async def finish_live_check(
        self, checked: CheckRound, results: Sequence[CheckResult]
    ) -> CheckRound | None:
        stored = [each.to_json() for each in results]
        row = await self._sql.first("finish_live_check", checked, results=stored)
        return None if row is None else _round(row)


def _round(row: Row) -> CheckRound:
    results = ChecksShown.from_json({"results": row["results"]}).results
    return from_row(CheckRound, row, results=results)

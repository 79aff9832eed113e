"""The table of reports."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.triage.session import Evidence, TriageStatus
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.reports.rules import NewReport, Report


class Reports:
    """The reports that *sql* sees, within a transaction or without one. What locks needs one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def find(self, number: int, *, lock: bool = False) -> Report | None:
        """Return a report; None if there is none."""
        if lock and not await self._sql.has("lock_report", number=number, guild_id=self._sql.guild_id):
            return None
        row = await self._sql.first("report", number=number, guild_id=self._sql.guild_id)
        return None if row is None else _report(row)

    async def by_key(self, key: str) -> Report | None:
        """Return the report that *key* has made, if any."""
        row = await self._sql.first("report_by_key", key=key)
        return None if row is None else _report(row)

    async def lock_making(self, guild_id: int) -> None:
        """Let no other transaction make a report in a guild until the commit."""
        await self._sql.all("lock_reports", guild_id=guild_id)

    async def latest(self, guild_id: int, *, within: timedelta) -> list[Report]:
        """Return the reports of the last *within*, the oldest first."""
        return _reports(await self._sql.all("latest_reports", guild_id=guild_id, within=within))

    async def add(self, new: NewReport) -> int | None:
        """Store a report and return its number; None if its key is known."""
        row = await self._sql.first(
            "add_report",
            new,
            by_id=new.by.id,
            by_name=new.by.name,
            evidence=None if new.evidence is None else new.evidence.masked().to_json(),
        )
        return None if row is None else row["id"]

    async def take(self, report_id: int, *, by: str, triage_id: int) -> None:
        """Record that *by* has begun a triage of it."""
        await self._sql.all("take_report", report_id=report_id, taken_by_name=by, triage_id=triage_id)

    async def moved(self, guild_id: int) -> list[Report]:
        """Return the reports whose posts do not show how far their triage is."""
        return _reports(await self._sql.all("moved_reports", guild_id=guild_id))

    async def note_shown(self, report_id: int, status: TriageStatus) -> bool:
        """Record what the posts are about to show; return False if another process did."""
        return await self._sql.has("note_shown", report_id=report_id, status=status.value)

    async def raised_as(self, incident_id: int) -> list[Report]:
        """Return the reports whose triage ended in an incident that has not got their posts yet."""
        return _reports(await self._sql.all("reports_raised_as", incident_id=incident_id))

    async def give(self, report_id: int, *, incident_id: int) -> bool:
        """Give a report to its incident; return False if it has one."""
        return await self._sql.has("give_report", report_id=report_id, incident_id=incident_id)


def _reports(rows: Sequence[Row]) -> list[Report]:
    return [_report(row) for row in rows]


def _report(row: Row) -> Report:
    return from_row(
        Report,
        row,
        evidence=None if row["evidence"] is None else Evidence.from_json(row["evidence"]),
        dm_sent=tuple(row["dm_sent"]),
        dm_owed=tuple(row["dm_owed"]),
        dm_refused=tuple(row["dm_refused"]),
        triage_status=None if row["triage_status"] is None else TriageStatus(row["triage_status"]),
    )

"""The weeks that have their digest, and the verdicts on the alerts that it asks about."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.statistics.period import IsoWeek
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.digest.rules import AlertVerdict, Verdict


class DigestWeeks:
    """The weeks whose digest is reserved, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def is_claimed(self, guild_id: int, week: IsoWeek) -> bool:
        """Return True if a week's digest is reserved, posted or not."""
        return await self._sql.has("digest", guild_id=guild_id, week=str(week))

    async def claim(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        """Reserve a week's digest; False when it is taken."""
        return await self._sql.has("claim_digest", guild_id=guild_id, week=str(week), due_at=due_at)


class VerdictRows:
    """The verdicts on alerts, within a transaction or without one. A change needs the fingerprint locked."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def holding(self, guild_id: int, fingerprints: Sequence[str]) -> list[AlertVerdict]:
        """Return the verdicts on alerts that still hold."""
        rows = await self._sql.all("alert_verdicts", guild_id=guild_id, fingerprints=list(fingerprints))
        return [_verdict(row) for row in rows]

    async def save(self, verdict: AlertVerdict) -> None:
        """Store a verdict in the place of an earlier one."""
        await self._sql.all("save_alert_verdict", verdict)

    async def withdraw(self, guild_id: int, fingerprint: str) -> AlertVerdict | None:
        """Remove the verdict that holds, and return it; None without one."""
        row = await self._sql.first("withdraw_alert_verdict", guild_id=guild_id, fingerprint=fingerprint)
        return None if row is None else _verdict(row)


def _verdict(row: Row) -> AlertVerdict:
    return from_row(AlertVerdict, row, verdict=Verdict(row["verdict"]))

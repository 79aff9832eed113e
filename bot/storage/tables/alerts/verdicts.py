"""The team's verdicts on alerts."""

from collections.abc import Sequence

from bot.domain.alerts.verdict import AlertVerdict, Verdict
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresAlertVerdictReads(ReadPart):
    """A `bot.services.ports.store.alerts.verdicts.AlertVerdictReads`."""

    async def alert_verdicts(self, guild_id: int, fingerprints: Sequence[str]) -> list[AlertVerdict]:
        rows = await self._sql.all("alert_verdicts", guild_id=guild_id, fingerprints=list(fingerprints))
        return [_verdict(row) for row in rows]


class PostgresAlertVerdictWrites(TransactionPart):
    """A `bot.services.ports.store.alerts.verdicts.AlertVerdictWrites`."""

    async def save_alert_verdict(self, verdict: AlertVerdict) -> None:
        await self._sql.all("save_alert_verdict", verdict)

    async def withdraw_alert_verdict(self, guild_id: int, fingerprint: str) -> AlertVerdict | None:
        row = await self._sql.first("withdraw_alert_verdict", guild_id=guild_id, fingerprint=fingerprint)
        return None if row is None else _verdict(row)

    async def pass_over_alert(
        self, guild_id: int, fingerprint: str, *, message_id: int, severities: Sequence[str]
    ) -> bool:
        return await self._sql.has(
            "pass_over_alert",
            guild_id=guild_id,
            fingerprint=fingerprint,
            message_id=message_id,
            severities=list(severities),
        )


def _verdict(row: Row) -> AlertVerdict:
    return from_row(AlertVerdict, row, verdict=Verdict(row["verdict"]))

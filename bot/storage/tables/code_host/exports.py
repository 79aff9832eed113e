"""Exports to the code host."""

from bot.domain.exports import ExportTrouble
from bot.domain.postmortem.pull import PullExport, PullExportState
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresExportReads(ReadPart):
    """A `bot.services.ports.store.code_host.exports.PullExportReads`."""

    async def pull_export(self, incident_id: int) -> PullExport | None:
        row = await self._sql.first("pull_export", incident_id=incident_id)
        return None if row is None else _pull(row)


class PostgresExportWrites(TransactionPart):
    """A `bot.services.ports.store.code_host.exports.PullExportWrites`."""

    async def want_pull_export(self, incident_id: int, *, guild_id: int, repository: str) -> None:
        await self._sql.all(
            "want_pull_export", incident_id=incident_id, guild_id=guild_id, repository=repository
        )

    async def lock_pull_export(self, incident_id: int) -> PullExport | None:
        row = await self._sql.first("lock_pull_export", incident_id=incident_id)
        return None if row is None else _pull(row)

    async def save_pull_export(self, export: PullExport) -> None:
        await self._sql.all("save_pull_export", export, trouble=_stored(export.trouble))

    async def end_pull_export(self, incident_id: int) -> bool:
        return await self._sql.has("end_pull_export", incident_id=incident_id)

    async def rename_repository(self, guild_id: int, *, before: str, now: str) -> None:
        await self._sql.all("rename_repository", guild_id=guild_id, before=before, now=now)


def _pull(row: Row) -> PullExport:
    return from_row(PullExport, row, state=PullExportState(row["state"]), trouble=_trouble(row))


def _trouble(row: Row) -> ExportTrouble | None:
    return None if row["trouble"] is None else ExportTrouble.from_json(row["trouble"])


def _stored(trouble: ExportTrouble | None) -> dict[str, object] | None:
    return None if trouble is None else trouble.to_json()

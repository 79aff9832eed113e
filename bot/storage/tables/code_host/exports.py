"""Exports to the code host."""

from datetime import datetime

from bot.domain.actions.issue import IssueExport, IssuePoll
from bot.domain.exports import ExportTrouble
from bot.domain.postmortem.pull import PullExport, PullExportState
from bot.services.ports.store.code_host.exports import ExportedIncident
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresExportReads(ReadPart):
    """A `PullExportReads` and an `IssueExportReads` of `bot.services.ports.store.code_host.exports`."""

    async def pull_export(self, incident_id: int) -> PullExport | None:
        row = await self._sql.first("pull_export", incident_id=incident_id)
        return None if row is None else _pull(row)

    async def issue_export(self, item_id: int) -> IssueExport | None:
        row = await self._sql.first("issue_export", item_id=item_id)
        return None if row is None else _issue(row)

    async def untracked_items(self, guild_id: int, *, limit: int) -> list[int]:
        rows = await self._sql.all("untracked_items", guild_id=guild_id, limit=limit)
        return [row["id"] for row in rows]

    async def items_of_issues(self, guild_id: int, repository: str, numbers: list[int]) -> dict[int, int]:
        rows = await self._sql.all(
            "items_of_issues", guild_id=guild_id, repository=repository, numbers=numbers
        )
        return {row["number"]: row["item_id"] for row in rows}

    async def issues_known_since(self, guild_id: int, repository: str) -> datetime | None:
        row = await self._sql.one("issues_known_since", guild_id=guild_id, repository=repository)
        since: datetime | None = row["since"]
        return since

    async def issue_poll(self, guild_id: int) -> IssuePoll | None:
        row = await self._sql.first("issue_poll", guild_id=guild_id)
        return None if row is None else from_row(IssuePoll, row, trouble=_trouble(row))


class PostgresExportWrites(TransactionPart):
    """A `PullExportWrites` and an `IssueExportWrites` of `bot.services.ports.store.code_host.exports`."""

    async def want_pull_export(self, incident_id: int, *, guild_id: int, repository: str) -> None:
        await self._sql.all(
            "want_pull_export", incident_id=incident_id, guild_id=guild_id, repository=repository
        )

    async def lock_pull_export(self, incident_id: int) -> PullExport | None:
        row = await self._sql.first("lock_pull_export", incident_id=incident_id)
        return None if row is None else _pull(row)

    async def save_pull_export(self, export: PullExport) -> None:
        await self._sql.all("save_pull_export", export, trouble=_stored(export.trouble))

    async def want_issue_export(self, item_id: int, *, guild_id: int, repository: str) -> None:
        await self._sql.all("want_issue_export", item_id=item_id, guild_id=guild_id, repository=repository)

    async def lock_issue_export(self, item_id: int) -> IssueExport | None:
        row = await self._sql.first("lock_issue_export", item_id=item_id)
        return None if row is None else _issue(row)

    async def save_issue_export(self, export: IssueExport) -> None:
        await self._sql.all("save_issue_export", export, trouble=_stored(export.trouble))

    async def begin_issue_poll(self, guild_id: int, *, repository: str, since: datetime) -> bool:
        return await self._sql.has("begin_issue_poll", guild_id=guild_id, repository=repository, since=since)

    async def end_exports(self, incident_id: int) -> ExportedIncident:
        row = await self._sql.one("end_exports", incident_id=incident_id)
        return ExportedIncident(row["has_pull"], tuple(row["items"]))

    async def rename_repository(self, guild_id: int, *, before: str, now: str) -> None:
        await self._sql.all("rename_repository", guild_id=guild_id, before=before, now=now)

    async def save_issue_poll(self, poll: IssuePoll) -> None:
        await self._sql.all("save_issue_poll", poll, trouble=_stored(poll.trouble))


def _pull(row: Row) -> PullExport:
    return from_row(PullExport, row, state=PullExportState(row["state"]), trouble=_trouble(row))


def _issue(row: Row) -> IssueExport:
    return from_row(IssueExport, row, trouble=_trouble(row))


def _trouble(row: Row) -> ExportTrouble | None:
    return None if row["trouble"] is None else ExportTrouble.from_json(row["trouble"])


def _stored(trouble: ExportTrouble | None) -> dict[str, object] | None:
    return None if trouble is None else trouble.to_json()

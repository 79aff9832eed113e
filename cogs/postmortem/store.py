"""The tables of postmortems, of their drafts and of their pull requests."""

from datetime import timedelta

from bot.domain.code_host import ExportTrouble
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Postmortem
from bot.domain.postmortems import OwedPostmortem
from bot.storage.database.sql import Sql
from bot.storage.rows import deliveries_from_rows, from_row, incident_from_row
from bot.storage.transaction import Transaction
from cogs.postmortem.facts import CALLS, PostmortemCall, PostmortemDocument, called_by
from cogs.postmortem.pulls import PullExport, PullExportState


class PostmortemRows:
    """Who owes postmortems, in the guild that *sql* is for. Lock the incident before one is changed."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, incident_id: int) -> Postmortem | None:
        """Return an incident's postmortem; None if it never owed one."""
        row = await self._sql.first("postmortem", incident_id=incident_id, guild_id=self._sql.guild_id)
        return None if row is None else Postmortem.from_json(row)

    async def save(self, incident: Incident, postmortem: Postmortem) -> None:
        """Write an incident's postmortem."""
        await self._sql.one(
            "save_postmortem", postmortem, incident_id=incident.id, guild_id=incident.guild_id
        )

    async def want_draft(self, incident_id: int, *, after: timedelta) -> bool:
        """Note that the draft of an owed postmortem is due in *after*; return False if none is owed."""
        return await self._sql.has("want_draft", incident_id=incident_id, after=after)

    async def draft_wanted(self, incident_id: int) -> int:
        """Return how often `want_draft` has asked for the draft; 0 if no postmortem was ever owed."""
        row = await self._sql.first("draft_wanted", incident_id=incident_id)
        return 0 if row is None else int(row["draft_wanted"])

    async def note_drafted(self, incident_id: int, *, wanted: int) -> None:
        """Note that the draft was made, unless it was asked for again since.

        Args:
            wanted: `draft_wanted` when the draft's facts were read.
        """
        await self._sql.all("note_drafted", incident_id=incident_id, wanted=wanted)


async def of_incident(sql: Sql, incident_id: int) -> Postmortem | None:
    """Return an incident's postmortem; None if it never owed one."""
    return await PostmortemRows(sql).of(incident_id)


async def owed_postmortems(sql: Sql, guild_id: int) -> list[OwedPostmortem]:
    """Return the postmortems that a guild owes, the earliest date first; private incidents included."""
    rows = await sql.all("owed_postmortems", guild_id=guild_id)
    return [OwedPostmortem(incident_from_row(row), Postmortem.from_json(row["owed"])) for row in rows]


class DraftRows:
    """The drafts of postmortems."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, incident_id: int) -> PostmortemDocument | None:
        """Return the draft of an incident's postmortem; None if there is none so far."""
        row = await self._sql.first("document", incident_id=incident_id, guild_id=self._sql.guild_id)
        return None if row is None else from_row(PostmortemDocument, row)

    async def lock(self, incident_id: int) -> PostmortemDocument | None:
        """Return the latest draft, locked; lock the incident first."""
        row = await self._sql.first("lock_document", incident_id=incident_id)
        return None if row is None else from_row(PostmortemDocument, row)

    async def free_path(self, path: str, *, incident: Incident, repository: str | None) -> bool:
        """Return True if no other incident has this path, and keep it free until the commit.

        Args:
            repository: Where the postmortems go, those of other guilds too; None: only the guild's own count.
        """
        # Before the look, in a statement of its own: another transaction may just be taking the path.
        place: dict[str, object] = {"guild_id": incident.guild_id, "repository": repository}
        await self._sql.all("lock_paths", **place)
        return not await self._sql.has("path_taken", path=path, incident_id=incident.id, **place)

    async def calls(self, incident_id: int) -> tuple[PostmortemCall, ...]:
        """Return what notified people of an incident, by time."""
        rows = await self._sql.all("postmortem_calls", incident_id=incident_id, kinds=list(CALLS))
        return called_by(deliveries_from_rows(rows))

    async def save(self, document: PostmortemDocument) -> None:
        """Store a draft, in the place of an earlier one."""
        await self._sql.all("save_document", document)


class PullExportRows:
    """The pull requests of postmortems. Lock the incident before one is changed."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, incident_id: int, *, lock: bool = False) -> PullExport | None:
        """Return the postmortem on the code host; None if it was never asked for."""
        row = await self._sql.first("lock_pull_export" if lock else "pull_export", incident_id=incident_id)
        if row is None:
            return None
        trouble = None if row["trouble"] is None else ExportTrouble.from_json(row["trouble"])
        return from_row(
            PullExport,
            row,
            state=PullExportState(row["state"]),
            trouble=trouble,
            pictures=tuple(row["pictures"]),
        )

    async def want(self, incident_id: int, *, guild_id: int, repository: str) -> None:
        """Note that a draft is to go to the code host, now."""
        await self._sql.all(
            "want_pull_export", incident_id=incident_id, guild_id=guild_id, repository=repository
        )

    async def save(self, export: PullExport) -> None:
        """Write a locked one, without what `want` writes."""
        trouble = None if export.trouble is None else export.trouble.to_json()
        await self._sql.all("save_pull_export", export, trouble=trouble)

    async def end(self, incident_id: int) -> bool:
        """Let the export of an incident be looked at now: it has become private. False: there is none."""
        return await self._sql.has("end_pull_export", incident_id=incident_id)


async def rename_repository(tx: Transaction, guild_id: int, before: str, now: str) -> None:
    """Let all pull requests of a guild in a repository go on under its new name."""
    await tx.sql.all("rename_repository", guild_id=guild_id, before=before, now=now)

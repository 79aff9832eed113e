"""The drafts of postmortems."""

from bot.domain.incident.incident import Incident
from bot.domain.postmortem.document import PostmortemDocument
from bot.storage.database.sql import Row
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresDocumentReads(ReadPart):
    """A `bot.services.ports.store.postmortems.documents.DocumentReads`."""

    async def document(self, incident_id: int) -> PostmortemDocument | None:
        return _from(await self._sql.first("document", incident_id=incident_id, guild_id=self._guild_id))


class PostgresDocumentWrites(TransactionPart):
    """A `bot.services.ports.store.postmortems.documents.DocumentWrites`."""

    async def lock_document(self, incident_id: int) -> PostmortemDocument | None:
        return _from(await self._sql.first("lock_document", incident_id=incident_id))

    async def free_path(self, path: str, *, incident: Incident, repository: str | None) -> bool:
        # Before the look, in a statement of its own: another transaction may just be taking the path.
        place: dict[str, object] = {"guild_id": incident.guild_id, "repository": repository}
        await self._sql.all("lock_paths", **place)
        return not await self._sql.has("path_taken", path=path, incident_id=incident.id, **place)

    async def save_document(self, document: PostmortemDocument) -> None:
        await self._sql.all("save_document", document)


def _from(row: Row | None) -> PostmortemDocument | None:
    return None if row is None else from_row(PostmortemDocument, row)

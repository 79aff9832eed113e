"""The files that messages carry."""

from collections.abc import Sequence

from bot.domain.delivery.attachments import Attachment
from bot.storage.rows import from_row
from bot.storage.tables.bases import ReadPart, TransactionPart


class PostgresAttachmentReads(ReadPart):
    """A `bot.services.ports.store.attachments.AttachmentReads`."""

    async def attachments(self, keys: Sequence[str]) -> list[Attachment]:
        rows = await self._sql.all("attachments", keys=list(keys), guild_id=self._guild_id)
        return [from_row(Attachment, row) for row in rows]


class PostgresAttachmentWrites(TransactionPart):
    """A `bot.services.ports.store.attachments.AttachmentWrites`."""

    async def add_attachment(self, attachment: Attachment) -> None:
        await self._sql.all("add_attachment", attachment)

    async def remove_attachments(self, keys: Sequence[str]) -> None:
        await self._sql.all("remove_attachments", keys=list(keys))

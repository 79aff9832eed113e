"""The files that messages carry."""

from collections.abc import Sequence

from bot.domain.delivery.delivery import Attachment
from bot.storage.database.sql import Sql
from bot.storage.rows import from_row


class AttachmentRows:
    """The files that messages carry."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def attachments(self, keys: Sequence[str]) -> list[Attachment]:
        """Return the files with these keys, in any order; an unknown key is left out."""
        rows = await self._sql.all("attachments", keys=list(keys), guild_id=self._sql.guild_id)
        return [from_row(Attachment, row) for row in rows]

    async def add_attachment(self, attachment: Attachment) -> None:
        """Store a file, before the delivery that carries it. A known key is skipped."""
        await self._sql.all("add_attachment", attachment)

    async def remove_attachments(self, keys: Sequence[str]) -> None:
        """Remove files that no message needs any more, or whose words others may not read any more."""
        await self._sql.all("remove_attachments", keys=list(keys))

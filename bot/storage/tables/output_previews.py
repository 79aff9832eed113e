"""Pasted output that its author has not confirmed yet."""

from bot.domain.sheets import OutputPreview
from bot.storage.database.sql import Sql
from bot.storage.rows import from_row


class OutputPreviewRows:
    """Pasted output that its author has not confirmed yet."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add_output_preview(self, preview: OutputPreview) -> None:
        """Store a preview; one with the same id stays. Previews that are a day old are deleted."""
        await self._sql.all("add_output_preview", preview, counts=dict(preview.counts))

    async def take_output_preview(
        self, preview_id: int, *, incident_id: int, by_id: int
    ) -> OutputPreview | None:
        """Delete a preview of one person and return it; None if there is none (any more)."""
        row = await self._sql.first(
            "take_output_preview", preview_id=preview_id, incident_id=incident_id, by_id=by_id
        )
        return None if row is None else from_row(OutputPreview, row)

"""Pasted output that its author has not confirmed yet."""

from bot.domain.sheets import OutputPreview
from bot.storage.rows import from_row
from bot.storage.tables.bases import TransactionPart


class PostgresOutputPreviewWrites(TransactionPart):
    """A `bot.services.ports.store.output_previews.OutputPreviewWrites`."""

    async def add_output_preview(self, preview: OutputPreview) -> None:
        await self._sql.all("add_output_preview", preview, counts=dict(preview.counts))

    async def take_output_preview(
        self, preview_id: int, *, incident_id: int, by_id: int
    ) -> OutputPreview | None:
        row = await self._sql.first(
            "take_output_preview", preview_id=preview_id, incident_id=incident_id, by_id=by_id
        )
        return None if row is None else from_row(OutputPreview, row)

"""Pasted output that its author has not confirmed yet."""

from typing import Protocol

from bot.domain.sheets import OutputPreview


class OutputPreviewWrites(Protocol):
    """The part of a transaction that keeps previews of output."""

    async def add_output_preview(self, preview: OutputPreview) -> None:
        """Store a preview; one with the same id stays. Previews that are a day old are deleted."""

    async def take_output_preview(
        self, preview_id: int, *, incident_id: int, by_id: int
    ) -> OutputPreview | None:
        """Delete a preview of one person and return it; None if there is none (any more)."""

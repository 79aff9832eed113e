"""Replays as one person sees them: each answer drawn as a screen in their language."""

from bot.domain.dlq.batches import ReplayBatch, ReplayTarget
from bot.domain.dlq.replays import ReplayRecord
from bot.domain.dlq.views import DlqFilter
from bot.domain.people import Person
from bot.services.registry import Services
from bot.ui.components import Screen
from bot.ui.interaction import soon
from bot.ui.screens.dlq.replay import preview_screen, replayed_screen
from bot.ui.screens.dlq.replay_batch import batch_question, batch_screen
from bot.ui.words.voice import Voice


class ReplayPresenter:
    """Asks the use cases of replays on behalf of one person, and draws what they return.

    Each method that reads or replays raises what `Replays` and `ReplayBatches` raise.
    """

    def __init__(self, services: Services, voice: Voice, *, by: Person) -> None:
        self._one = services.replays
        self._many = services.replay_batches
        self._dlq = services.dlq
        self._console = services.dlq_console
        self._voice = voice
        self._by = by
        self._guild_id = services.guild_id

    async def preview(self, entry_id: str, target: ReplayTarget) -> Screen:
        """Show what a replay would send."""
        preview = await self._one.preview(entry_id, by=self._by, guild_id=self._guild_id, target=target)
        return preview_screen(self._voice, preview, guild_id=self._guild_id)

    async def replay(self, entry_id: str, target: ReplayTarget) -> Screen:
        """Send the entry's message again."""
        record = await self._one.replay(entry_id, by=self._by, guild_id=self._guild_id, target=target)
        return replayed_screen(self._voice, record, guild_id=self._guild_id)

    async def ended(self, entry_id: str) -> Screen | None:
        """Show where the replay arrived, or why it failed; None when that is not known within moments."""
        record = await soon(lambda: self._record(entry_id), done=_has_ended)
        return None if record is None else replayed_screen(self._voice, record, guild_id=self._guild_id)

    async def preview_all(
        self, asked: DlqFilter, target: ReplayTarget, *, period: str = "", status: str = ""
    ) -> Screen:
        """Show what a replay of a filter's failures would send, with a period and a status as typed."""
        asked = await self._console.narrowed(asked, period=period, status=status)
        preview = await self._many.preview(asked, target, by=self._by, guild_id=self._guild_id)
        return batch_question(self._voice, preview)

    async def start(self, batch_id: int, *, channel_id: int) -> ReplayBatch:
        """Start a batch, whose progress is posted in a channel."""
        return await self._many.start(batch_id, by=self._by, guild_id=self._guild_id, channel_id=channel_id)

    async def stop(self, batch_id: int) -> ReplayBatch:
        """Stop a batch of replays before its next entry."""
        return await self._many.stop(batch_id, by=self._by, guild_id=self._guild_id)

    async def batch(self, batch_id: int) -> ReplayBatch:
        """Return a batch as it is now."""
        return await self._many.view(batch_id, by=self._by, guild_id=self._guild_id)

    def results(self, batch: ReplayBatch, *, page: int = 1) -> Screen:
        """Show how a batch goes, and a page of its results."""
        return batch_screen(self._voice, batch, page=page)

    async def _record(self, entry_id: str) -> ReplayRecord | None:
        return (await self._dlq.entry(entry_id, by=self._by, guild_id=self._guild_id)).replay


def _has_ended(record: ReplayRecord | None) -> bool:
    return record is not None and record.has_ended

"""Undelivered notifications as one person sees them: each answer drawn as a screen in their language."""

import io
from typing import Final

import discord

from bot.domain.charts import DrawnChart
from bot.domain.dlq import DlqFilter, DlqPage, DlqView, StatusCounts
from bot.domain.people import Person
from bot.services.registry import Services
from bot.ui.components import Screen
from bot.ui.interaction import soon
from bot.ui.pictures import drawn
from bot.ui.words.voice import Voice
from cogs.dlq.entries import EntryView
from cogs.dlq.policy import DlqRules
from cogs.dlq.replay_screens import batch_question, batch_screen, preview_screen, replayed_screen
from cogs.dlq.rules import ReplayBatch, ReplayRecord, ReplayTarget
from cogs.dlq.screens import (
    HANDLE_ROOM,
    EntryFile,
    PageLinks,
    entry_screen,
    p0_screen,
    raw_json,
    recent_screen,
    status_picture,
    status_screen,
)
from cogs.dlq.use_cases import DlqUseCases

#: How long a picture may take, seconds: the words are shown without waiting for it.
_PICTURE_S: Final = 15.0


class DlqPresenter:
    """Asks the use cases of the DLQ on behalf of one person, and draws what they return.

    Each method that reads raises what `DlqConsole` and `Dlq` raise.
    """

    def __init__(self, services: Services, voice: Voice, *, by: Person) -> None:
        dlq = services.of(DlqUseCases)
        self._dlq = dlq.entries
        self._console = dlq.console
        self._charts = services.charts
        self._voice = voice
        self._by = by
        self._guild_id = services.guild_id

    async def recent(self, view: DlqView) -> Screen:
        """Show 直近で配信失敗した通知."""
        return await self._page(await self._console.recent(view, by=self._by, guild_id=self._guild_id))

    async def filtered(self, asked: DlqFilter, *, period: str, status: str) -> Screen:
        """Show the first page of a filter, with a period and a status as they were typed."""
        return await self._page(
            await self._console.filter(
                asked, period=period, status=status, by=self._by, guild_id=self._guild_id
            )
        )

    async def turned(self, handle: str) -> Screen:
        """Show the page that a button carries."""
        return await self.recent(await self.view(handle))

    async def view(self, handle: str) -> DlqView:
        """Return the view that a button carries."""
        return await self._console.view(handle, guild_id=self._guild_id)

    async def most_severe(self) -> Screen:
        """Show P0 で email backup が送られたか."""
        found = await self._console.most_severe(by=self._by, guild_id=self._guild_id)
        return p0_screen(self._voice, found)

    async def http_statuses(self, *, hours: int) -> StatusCounts:
        """Count the failures by HTTP status: Discord 自体の障害を疑うとき."""
        return await self._console.http_statuses(hours=hours, by=self._by, guild_id=self._guild_id)

    def statuses(self, found: StatusCounts, picture: DrawnChart | None = None) -> Screen:
        """Show the counts by HTTP status, with their chart if it is drawn."""
        return status_screen(self._voice, found, picture)

    async def picture(self, found: StatusCounts) -> DrawnChart | None:
        """Draw the chart of the counts; None if there is nothing to compare, or no chart in time."""
        wanted = status_picture(self._voice, found)
        made = await drawn(self._charts, [] if wanted is None else [wanted], within_s=_PICTURE_S)
        return made[0] if made else None

    async def file(self, handle: str, into: EntryFile) -> tuple[str, discord.File | None]:
        """Fill a file with what a filter matches, and say how much of it there is."""
        asked = (await self.view(handle)).filter
        has_all = await self._fill(asked, into)
        if into.count == 0:
            return self._voice.say("consoles.dlq.export_none"), None
        told = "consoles.dlq.exported" if has_all else "consoles.dlq.exported_cut"
        made = discord.File(io.BytesIO(into.content()), filename=into.name)
        return self._voice.say(told, count=f"{into.count:,}"), made

    async def entry(self, entry_id: str) -> Screen:
        """Show one failure, as it would have looked."""
        return entry_screen(self._voice, await self._read(entry_id), guild_id=self._guild_id)

    async def raw(self, entry_id: str) -> tuple[str, discord.File | None]:
        """Return the entry's payload as stored: a text, and a file when it is long."""
        return raw_json(self._voice, (await self._read(entry_id)).entry)

    async def _page(self, page: DlqPage) -> Screen:
        views = [DlqView(page.filter), *(DlqView(page.filter, at) for at in (page.newer, page.older) if at)]
        handles = await self._console.handles(views, guild_id=self._guild_id, longest=HANDLE_ROOM)
        of = dict(zip(views, handles, strict=True))
        links = PageLinks(
            of[DlqView(page.filter)],
            newer=of.get(DlqView(page.filter, page.newer)) if page.newer else None,
            older=of.get(DlqView(page.filter, page.older)) if page.older else None,
        )
        return recent_screen(self._voice, page, links)

    async def _fill(self, asked: DlqFilter, into: EntryFile) -> bool:
        """Add entries until there are no more; False if the file is full, or the policy allows no more."""
        async for some in self._console.export(asked, by=self._by, guild_id=self._guild_id):
            for entry in some:
                if not into.add(entry):
                    return False
        return into.count < self._voice.policy.of(DlqRules).export_at_most

    async def _read(self, entry_id: str) -> EntryView:
        return await self._dlq.entry(entry_id, by=self._by, guild_id=self._guild_id)


class ReplayPresenter:
    """Asks the use cases of replays on behalf of one person, and draws what they return.

    Each method that reads or replays raises what `Replays` and `ReplayBatches` raise.
    """

    def __init__(self, services: Services, voice: Voice, *, by: Person) -> None:
        dlq = services.of(DlqUseCases)
        self._one = dlq.replays
        self._many = dlq.batches
        self._dlq = dlq.entries
        self._console = dlq.console
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

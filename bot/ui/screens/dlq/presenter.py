"""The DLQ as one person sees it: each answer drawn as a screen in their language."""

import io
from typing import Final

import discord

from bot.domain.charts import DrawnChart
from bot.domain.dlq.failures import DlqPage, StatusCounts
from bot.domain.dlq.views import DlqFilter, DlqView
from bot.domain.people import Person
from bot.services.dlq.dlq import EntryView
from bot.services.registry import Services
from bot.ui.components import Screen
from bot.ui.pictures import drawn
from bot.ui.screens.dlq.console import (
    HANDLE_ROOM,
    PageLinks,
    p0_screen,
    recent_screen,
    status_picture,
    status_screen,
)
from bot.ui.screens.dlq.entry import entry_screen, raw_json
from bot.ui.screens.dlq.file import EntryFile
from bot.ui.words.voice import Voice

#: How long a picture may take, seconds: the words are shown without waiting for it.
_PICTURE_S: Final = 15.0


class DlqPresenter:
    """Asks the use cases of the DLQ on behalf of one person, and draws what they return.

    Each method that reads raises what `DlqConsole` and `Dlq` raise.
    """

    def __init__(self, services: Services, voice: Voice, *, by: Person) -> None:
        self._dlq = services.dlq
        self._console = services.dlq_console
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
        return into.count < self._voice.policy.dlq.export_at_most

    async def _read(self, entry_id: str) -> EntryView:
        return await self._dlq.entry(entry_id, by=self._by, guild_id=self._guild_id)

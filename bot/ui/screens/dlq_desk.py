"""The DLQ as one person asks for it: each answer drawn in their language."""

import discord

from bot.domain.dlq import DlqFilter
from bot.domain.people import Person
from bot.services.dlq.dlq import Dlq, EntryView
from bot.ui.components import Screen
from bot.ui.interaction import soon
from bot.ui.screens.dlq_console import p0_screen, recent_screen, status_screen
from bot.ui.screens.dlq_entry import entry_screen, preview_screen, raw_json, replayed_screen
from bot.ui.words.voice import Voice


class DlqDesk:
    """One question each; every one may raise what `Dlq` raises."""

    def __init__(self, dlq: Dlq, voice: Voice, *, by: Person, guild_id: int) -> None:
        self._dlq = dlq
        self._voice = voice
        self._by = by
        self._guild_id = guild_id

    async def recent(self, asked: DlqFilter, *, page: int) -> Screen:
        """Show 直近で配信失敗した通知."""
        found = await self._dlq.recent(asked, number=page, by=self._by, guild_id=self._guild_id)
        return recent_screen(self._voice, found)

    async def p0_email(self) -> Screen:
        """Show P0 で email backup が送られたか."""
        found = await self._dlq.p0_email(by=self._by, guild_id=self._guild_id)
        return p0_screen(self._voice, found)

    async def http_status(self, *, hours: int) -> Screen:
        """Show the failures by HTTP status: Discord 自体の障害を疑うとき."""
        counts = await self._dlq.http_status(hours=hours, by=self._by, guild_id=self._guild_id)
        return status_screen(self._voice, counts, hours=hours)

    async def entry(self, entry_id: str) -> Screen:
        """Show one failure, as it would have looked."""
        return entry_screen(self._voice, await self._read(entry_id), guild_id=self._guild_id)

    async def raw(self, entry_id: str) -> tuple[str, discord.File | None]:
        """Return its payload as stored: a text, and a file when it is long."""
        return raw_json(self._voice, (await self._read(entry_id)).entry)

    async def preview(self, entry_id: str) -> Screen:
        """Show what a replay would send."""
        preview = await self._dlq.preview_replay(entry_id, by=self._by, guild_id=self._guild_id)
        return preview_screen(self._voice, preview, guild_id=self._guild_id)

    async def replay(self, entry_id: str) -> Screen:
        """Send the entry's message again."""
        record = await self._dlq.replay(entry_id, by=self._by, guild_id=self._guild_id)
        return replayed_screen(self._voice, record, guild_id=self._guild_id)

    async def ended(self, entry_id: str) -> Screen | None:
        """Show where the replay arrived, or why it failed; None when that is not known within moments."""
        view = await soon(lambda: self._read(entry_id), done=_has_ended)
        if view is None or view.replay is None:
            return None
        return replayed_screen(self._voice, view.replay, guild_id=self._guild_id)

    async def _read(self, entry_id: str) -> EntryView:
        return await self._dlq.entry(entry_id, by=self._by, guild_id=self._guild_id)


def _has_ended(view: EntryView) -> bool:
    replay = view.replay
    return replay is not None and (replay.message_id is not None or replay.error is not None)

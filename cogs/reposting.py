"""Repost alerts and threads that were deleted in Discord while their incident goes on."""

from collections.abc import Awaitable

import discord
import structlog
from discord.ext import commands
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.client import IncidentBot
from bot.domain.errors import UnavailableError

log = structlog.get_logger(__name__)


class RepostingCog(commands.Cog):
    """Hears deletions by raw events, because this process may not have cached what was deleted."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_raw_message_delete(self, deleted: discord.RawMessageDeleteEvent) -> None:
        """Repost the deleted message if it was an alert."""
        await self._look([deleted.message_id], guild_id=deleted.guild_id)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, deleted: discord.RawBulkMessageDeleteEvent) -> None:
        """Repost the alerts among the deleted messages."""
        await self._look(deleted.message_ids, guild_id=deleted.guild_id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, deleted: discord.RawThreadDeleteEvent) -> None:
        """Open the next thread for a deleted one if it was an incident's."""
        if served := self.bot.served.get(deleted.guild_id):
            await self._run_logged(served.reposting.thread_gone(deleted.thread_id), guild_id=deleted.guild_id)

    async def _look(self, message_ids: list[int] | set[int], *, guild_id: int | None) -> None:
        served = self.bot.served.get(guild_id)
        if served is None:
            return  # a direct message, or another server's
        for message_id in message_ids:
            await self._run_logged(served.reposting.message_gone(message_id), guild_id=guild_id)

    async def _run_logged(self, reposting: Awaitable[None], *, guild_id: int | None) -> None:
        clear_contextvars()
        bind_contextvars(trigger="deletion", guild_id=guild_id)
        try:
            await reposting
        except UnavailableError as error:
            # Not lost: the next edit of what was deleted finds it gone.
            log.warning("deletion.not_recorded", reason=str(error))


async def setup(bot: IncidentBot) -> None:
    await bot.add_cog(RepostingCog(bot))

"""What puts itself on a timeline: 📌 and what becomes of the message, its menu, who joins a war room."""

from collections.abc import Awaitable

import discord
import structlog
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.client import IncidentBot
from bot.domain.errors import UnavailableError, UserError
from bot.ui.interaction import reply, wait
from bot.ui.people import member_person, person_from
from bot.ui.rest.reading import message_from, message_of

log = structlog.get_logger(__name__)

Press = discord.Interaction[IncidentBot]


class Pinning(commands.Cog):
    """What puts itself on a timeline. Raw events: the cached variants are silent for older messages."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Add the menu command."""
        self.bot.tree.add_command(add_to_timeline)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """A new session: what happened before it was not told."""
        self.bot.spawn(self.bot.services.pins.reconcile_all(self.bot.guild_id), name="reconcile pins")

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """A resumed session tells what was missed, unless Discord has dropped some of it."""
        self.bot.spawn(self.bot.services.pins.reconcile_all(self.bot.guild_id), name="reconcile pins")

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Keep the message."""
        emoji = self.bot.services.policy.timeline.pin_emoji
        if reaction.guild_id != self.bot.guild_id or self._is_own(reaction.user_id):
            return
        if str(reaction.emoji) == emoji:
            self._bind("reaction", reaction.channel_id, reaction.user_id)
            await _told(self._pin(reaction), about="pin")

    @commands.Cog.listener()
    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        """Keep the new words of a pinned message beside the old ones."""
        author_id = edit.message.author.id
        if edit.guild_id != self.bot.guild_id or self._is_own(author_id):
            return
        self._bind("edit", edit.channel_id, author_id)
        reads_content = self.bot.intents.message_content
        message = message_from(edit.data, guild_id=self.bot.guild_id, reads_content=reads_content)
        await _told(self.bot.services.pins.edited(message), about="edit")

    @commands.Cog.listener()
    async def on_raw_message_delete(self, deletion: discord.RawMessageDeleteEvent) -> None:
        """Note it, if it was pinned."""
        if deletion.guild_id == self.bot.guild_id:
            self._bind("deletion", deletion.channel_id, None)
            await _told(self.bot.services.pins.deleted([deletion.message_id]), about="deletion")

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, deletion: discord.RawBulkMessageDeleteEvent) -> None:
        """The same for many at once."""
        if deletion.guild_id == self.bot.guild_id:
            self._bind("deletion", deletion.channel_id, None)
            gone = sorted(deletion.message_ids)
            await _told(self.bot.services.pins.deleted(gone), about="deletion")

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Note who joins a war room; being muted there is no news."""
        room = after.channel
        is_home = member.guild.id == self.bot.guild_id
        if room is None or not is_home or (before.channel is not None and before.channel.id == room.id):
            return
        if {room.name, str(room.id)} & set(self.bot.services.policy.timeline.voice_channels):
            self._bind("voice", room.id, member.id)
            joined = self.bot.services.timelines.join_voice(
                self.bot.guild_id, by=person_from(member), channel=room.name
            )
            await _told(joined, about="voice")

    async def _pin(self, reaction: discord.RawReactionActionEvent) -> None:
        user, home = discord.Object(reaction.user_id), self.bot.guild_id
        by = (
            person_from(reaction.member)
            if reaction.member
            else await member_person(self.bot, user=user, guild_id=home)
        )
        await self.bot.services.pins.pin_reaction(reaction.channel_id, reaction.message_id, by=by)

    def _is_own(self, user_id: int) -> bool:
        return self.bot.user is not None and user_id == self.bot.user.id

    def _bind(self, trigger: str, channel_id: int, user_id: int | None) -> None:
        clear_contextvars()
        bind_contextvars(trigger=trigger, guild_id=self.bot.guild_id, channel_id=channel_id, user_id=user_id)


@app_commands.context_menu(name=locale_str("Add to timeline", key="commands.add_to_timeline"))
@app_commands.guild_only()
async def add_to_timeline(interaction: Press, message: discord.Message) -> None:
    """The menu of a message: its words come with it, whatever the bot may read otherwise."""
    await wait(interaction)
    by, pins = person_from(interaction.user), interaction.client.services.pins
    incident, outcome = await pins.pin(message_of(message), by=by)
    voice = interaction.client.voice(interaction)
    await reply(interaction, voice.say(f"history.said.{outcome.value}", label=incident.label))


async def _told(work: Awaitable[object], *, about: str) -> None:
    """Nobody waits for an answer to an event: a refusal is in the audit, and what is away is in the log."""
    try:
        await work
    except UserError as refused:
        log.info("event.refused", key=refused.key)
    except UnavailableError as away:
        log.warning("event.not_recorded", about=about, reason=str(away))


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(Pinning(bot))

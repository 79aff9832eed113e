"""Timeline entries from Discord: 📌, changes to pinned messages, the message menu, joins of a war room."""

from collections.abc import Awaitable

import discord
import structlog
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.client import IncidentBot
from bot.domain.errors import UnavailableError, UserError
from bot.domain.text import is_same_emoji
from bot.services.registry import Services
from bot.ui.discord_api.messages import message_from, message_of
from bot.ui.discord_api.places import may_view
from bot.ui.interaction import Interaction, member_person, person_from, reply, services_of, voice_of, wait

log = structlog.get_logger(__name__)


class PinningCog(commands.Cog):
    """Adds to timelines from raw events, since cached ones do not fire for older messages."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Catch up after a new session begins, as Discord sends no events for what happened before it."""
        self._reconcile()

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Catch up, since Discord may have dropped some of what it tells a resumed session."""
        self._reconcile()

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Add the message that got a 📌 to the timeline."""
        services = self.bot.served.get(reaction.guild_id)
        if services is None or self._is_own(reaction.user_id):
            return
        if is_same_emoji(str(reaction.emoji), services.policy.timeline.pin_emoji):
            _bind("reaction", services, reaction.channel_id, reaction.user_id)
            await _logged(self._pin(reaction, services), about="pin")

    @commands.Cog.listener()
    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        """Keep the new words of a pinned message beside the old ones."""
        services, author_id = self.bot.served.get(edit.guild_id), edit.message.author.id
        if services is None or self._is_own(author_id):
            return
        _bind("edit", services, edit.channel_id, author_id)
        reads_content = self.bot.intents.message_content
        message = message_from(edit.data, guild_id=services.guild_id, reads_content=reads_content)
        await _logged(services.pins.edited(message), about="edit")

    @commands.Cog.listener()
    async def on_raw_message_delete(self, deletion: discord.RawMessageDeleteEvent) -> None:
        """Note the deletion of a message if it was pinned."""
        await self._gone(deletion.guild_id, deletion.channel_id, [deletion.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, deletion: discord.RawBulkMessageDeleteEvent) -> None:
        """Note the deletion of the pinned ones among many messages."""
        await self._gone(deletion.guild_id, deletion.channel_id, sorted(deletion.message_ids))

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Note who joins a war room; being muted there is no news."""
        room, services = after.channel, self.bot.served.get(member.guild.id)
        if (
            room is None
            or services is None
            or not may_view(room)
            or (before.channel is not None and before.channel.id == room.id)
        ):
            return
        if {room.name, str(room.id)} & set(services.policy.timeline.voice_channels):
            _bind("voice", services, room.id, member.id)
            joined = services.timelines.join_voice(
                services.guild_id, by=person_from(member), channel=room.name
            )
            await _logged(joined, about="voice")

    def _reconcile(self) -> None:
        self.bot.for_each_guild(
            lambda services: services.pins.reconcile_all(services.guild_id), name="reconcile pins"
        )

    async def _gone(self, guild_id: int | None, channel_id: int, message_ids: list[int]) -> None:
        if services := self.bot.served.get(guild_id):
            _bind("deletion", services, channel_id, None)
            await _logged(services.pins.deleted(message_ids), about="deletion")

    async def _pin(self, reaction: discord.RawReactionActionEvent, services: Services) -> None:
        user = discord.Object(reaction.user_id)
        by = (
            person_from(reaction.member)
            if reaction.member
            else await member_person(self.bot, user=user, guild_id=services.guild_id)
        )
        await services.pins.pin_reaction(reaction.channel_id, reaction.message_id, by=by)

    def _is_own(self, user_id: int) -> bool:
        return self.bot.user is not None and user_id == self.bot.user.id


@app_commands.context_menu(name=locale_str("Add to timeline", key="commands.add_to_timeline"))
@app_commands.guild_only()
async def add_to_timeline(interaction: Interaction, message: discord.Message) -> None:
    """Keep the message; a menu brings its words, whatever the bot may read otherwise."""
    await wait(interaction)
    by, pins = person_from(interaction.user), services_of(interaction).pins
    incident, outcome = await pins.pin(message_of(message), by=by)
    voice = voice_of(interaction)
    await reply(interaction, voice.say(f"history.said.{outcome.value}", label=incident.label))


def _bind(trigger: str, services: Services, channel_id: int, user_id: int | None) -> None:
    clear_contextvars()
    bind_contextvars(trigger=trigger, guild_id=services.guild_id, channel_id=channel_id, user_id=user_id)


async def _logged(work: Awaitable[object], *, about: str) -> None:
    """Await *work*, and log a refusal or an outage: an event has no answer that could show it."""
    try:
        await work
    except UserError as refused:
        log.info("event.refused", key=refused.key)
    except UnavailableError as away:
        log.warning("event.not_recorded", about=about, reason=str(away))


async def setup(bot: IncidentBot) -> None:
    bot.tree.add_command(add_to_timeline)
    await bot.add_cog(PinningCog(bot))

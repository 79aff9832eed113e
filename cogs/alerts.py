"""Alerts that monitors post: tracked as they come, and read when events were missed; their buttons."""

import discord
import structlog
from discord.ext import commands
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.client import IncidentBot
from bot.domain.alerts.question import AlertQuestion
from bot.domain.errors import UnavailableError
from bot.ui.buttons import AlertVerb, IncidentVerb, template
from bot.ui.components import Control
from bot.ui.discord_api.incoming import Incoming
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.words.evidence import evidence_of
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

Press = discord.Interaction[IncidentBot]


class AlertsCog(commands.Cog):
    """Listens to the watched channels."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot
        self._incoming = {
            services.guild_id: Incoming(bot, Wording(bot.texts, services.policy)) for services in bot.served
        }

    async def cog_load(self) -> None:
        """Register the buttons."""
        self.bot.add_controls(Declare, FalseAlarm, Track, Ignore, Heed)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Track it, if it is an alert. One whose event is lost is read from the channel later."""
        services = self.bot.served.get(message.guild.id if message.guild else None)
        if services is None or not message.author.bot:
            return
        guild_id = services.guild_id
        received = self._incoming[guild_id].live(message, guild_id=guild_id)
        if services.alerts.is_by_own_webhook(received):
            log.info("alert.own_webhook", channel_id=received.channel_id, message_id=received.id)
        if not services.alerts.watches(received):
            return
        self.bot.heard[message.id] = evidence_of(message)
        clear_contextvars()
        bind_contextvars(trigger="message", guild_id=guild_id, channel_id=message.channel.id)
        try:
            await services.alerts.receive(received)
        except UnavailableError as error:
            # Not lost: it stands in the channel, and the channel is read again.
            log.warning("alert.not_recorded", reason=str(error))

    @commands.Cog.listener()
    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        """Forget an edited message. A link preview is not an edit: Discord adds it."""
        if edit.data.get("edited_timestamp") is not None:
            self.bot.heard.pop(edit.message_id, None)

    @commands.Cog.listener()
    async def on_raw_message_delete(self, deletion: discord.RawMessageDeleteEvent) -> None:
        """Forget a deleted message."""
        self.bot.heard.pop(deletion.message_id, None)

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, deletion: discord.RawBulkMessageDeleteEvent) -> None:
        """Forget deleted messages."""
        for message_id in deletion.message_ids:
            self.bot.heard.pop(message_id, None)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Catch up after a new session begins, as Discord sends no events for earlier messages."""
        self._catch_up()

    @commands.Cog.listener()
    async def on_resumed(self) -> None:
        """Catch up after a session resumes: Discord repeats missed events, but may have dropped some."""
        self._catch_up()

    def _catch_up(self) -> None:
        self.bot.heard.clear()
        self.bot.for_each_guild(
            lambda services: services.missed_alerts.catch_up(services.guild_id), name="missed alerts"
        )


class Declare(Control, template=template(IncidentVerb.DECLARE)):
    """[🚨 インシデントにする]."""

    async def press(self, interaction: Press) -> None:
        """Post it as an incident, with its thread."""
        await wait(interaction)
        by, bot = await person_of(interaction), interaction.client
        incident = await bot.services(interaction).lifecycle.declare(self.number, by=by)
        await reply(interaction, bot.voice(interaction).say("tracked.said.declared", label=incident.label))


class FalseAlarm(Control, template=template(IncidentVerb.FALSE_ALARM)):
    """[⚪ 誤報]."""

    async def press(self, interaction: Press) -> None:
        """Close it without a question: it can be reopened. What has become an incident is not closed so."""
        await wait(interaction)
        by, bot = await person_of(interaction), interaction.client
        incident = await bot.services(interaction).lifecycle.dismiss(self.number, by=by)
        await reply(interaction, bot.voice(interaction).say("tracked.said.cancelled", label=incident.label))


class Track(Control, template=template(AlertVerb.TRACK)):
    """[🔴 追跡する]."""

    async def press(self, interaction: Press) -> None:
        """Make a tracked alert of the message; the line says so."""
        await wait(interaction)
        by, services = await person_of(interaction), interaction.client.services(interaction)
        incident = await services.questions.track(self.number, guild_id=services.guild_id, by=by)
        await reply(
            interaction,
            interaction.client.voice(interaction).say("tracked.said.tracked", label=incident.label),
        )


class Ignore(Control, template=template(AlertVerb.IGNORE)):
    """[🔇 この送信元は無視]."""

    async def press(self, interaction: Press) -> None:
        """Pass over its sender from now on; the line says so, and how that is undone."""
        await wait(interaction)
        by, services = await person_of(interaction), interaction.client.services(interaction)
        question = await services.questions.ignore(self.number, guild_id=services.guild_id, by=by)
        await _say_sender(interaction, "tracked.said.ignored", question)


class Heed(Control, template=template(AlertVerb.HEED)):
    """[🔔 無視をやめる]."""

    async def press(self, interaction: Press) -> None:
        """Ask about its sender's messages again."""
        await wait(interaction)
        by, services = await person_of(interaction), interaction.client.services(interaction)
        question = await services.questions.heed(self.number, guild_id=services.guild_id, by=by)
        await _say_sender(interaction, "tracked.said.heeded", question)


async def _say_sender(interaction: Press, key: str, question: AlertQuestion) -> None:
    sender = inert(question.evidence.author_name, limit=160)
    channel = getattr(interaction.channel, "name", "?")
    await reply(interaction, interaction.client.voice(interaction).say(key, sender=sender, channel=channel))


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(AlertsCog(bot))

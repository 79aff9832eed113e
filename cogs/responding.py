"""How people respond under what the bot posted, in a channel, a thread or a DM: 👀, and the buttons."""

import asyncio
from datetime import timedelta
from typing import Final

import discord
import structlog
from discord.ext import commands
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.client import IncidentBot
from bot.domain.errors import UnavailableError, UserError
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.text import is_same_emoji
from bot.services.registry import Services
from bot.ui.answers import Pressed, control
from bot.ui.buttons import BundleVerb, IncidentVerb, template
from bot.ui.interaction import (
    Interaction,
    member_person,
    person_from,
    person_of,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.screens.incident_answers import (
    acknowledged,
    acknowledged_view,
    all_acknowledged,
    all_question,
    passed_on,
    released,
)
from bot.ui.screens.incident_console import show_screen
from bot.ui.screens.sheets import first_response_screen

log = structlog.get_logger(__name__)

# A person may react to a post before its id is in the database: it is looked up again after these pauses.
_LOOK_AGAIN_S: Final = (0.3, 1.0, 3.0)
_NEW_FOR: Final = timedelta(seconds=15)


class RespondingCog(commands.Cog):
    """Acknowledges by a reaction, and releases by its removal."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Acknowledge. Raw: the cached variant is silent for messages older than this process."""
        own = self.bot.user is not None and reaction.user_id == self.bot.user.id
        if own or not self._may_acknowledge(reaction):
            return
        _bind(reaction)
        try:
            await self._acknowledge(reaction)
        except UserError as error:
            log.info("reaction.refused", key=error.key)  # a refusal is in the audit; a reaction has no reply
        except UnavailableError as error:
            # Not lost: the 👀 stays in Discord and is read before the next page.
            log.warning("reaction.not_recorded", reason=str(error))

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, reaction: discord.RawReactionActionEvent) -> None:
        """Forget the removed 👀, and release its incident if the policy says that removing one does that."""
        if not self._may_acknowledge(reaction):
            return
        _bind(reaction)
        guilds, guild_id = self.bot.served, reaction.guild_id
        try:
            services = guilds.get(guild_id) if guild_id else await guilds.of_message(reaction.message_id)
            if services is not None:
                await self._take_back(services, reaction)
        except (UserError, UnavailableError) as error:
            log.info("reaction.not_taken_back", reason=str(error))

    async def _take_back(self, services: Services, reaction: discord.RawReactionActionEvent) -> None:
        releasing, message_id = services.releasing, reaction.message_id
        incidents = await services.acknowledger.incidents_of(message_id, is_new=False)
        if incidents and services.policy.removing_ack_releases:
            by = await self._person(reaction, services.guild_id)
            for incident in incidents:
                await releasing.release_by_reaction(incident, by=by)
        for incident in incidents:
            await releasing.forget_reaction(incident, user_id=reaction.user_id, message_id=message_id)

    def _may_acknowledge(self, reaction: discord.RawReactionActionEvent) -> bool:
        """Return whether the reaction is the ack emoji of its server; in a DM, of any server."""
        guilds = self.bot.served
        served = guilds if reaction.guild_id is None else [guilds.get(reaction.guild_id)]
        emoji = str(reaction.emoji)
        return any(is_same_emoji(emoji, one.policy.ack_emoji) for one in served if one is not None)

    async def _acknowledge(self, reaction: discord.RawReactionActionEvent) -> None:
        """Acknowledge by reaction. A DM does not name its server, so its delivery's row tells it."""
        guilds, guild_id = self.bot.served, reaction.guild_id
        posted_at = discord.utils.snowflake_time(reaction.message_id)
        is_new = discord.utils.utcnow() - posted_at < _NEW_FOR
        for pause_s in (0.0, *(_LOOK_AGAIN_S if is_new else ())):
            await asyncio.sleep(pause_s)
            services = guilds.get(guild_id) if guild_id else await guilds.of_message(reaction.message_id)
            if services is not None and await self._acknowledge_in(services, reaction, is_new=is_new):
                return

    async def _acknowledge_in(
        self, services: Services, reaction: discord.RawReactionActionEvent, *, is_new: bool
    ) -> bool:
        """Acknowledge the incidents of a message; return whether nothing is left to do."""
        if not is_same_emoji(str(reaction.emoji), services.policy.ack_emoji):
            return True
        acknowledger = services.acknowledger
        # Look up the incidents first: asking who reacted may cost a request.
        incidents = await acknowledger.incidents_of(reaction.message_id, is_new=is_new)
        if not incidents:
            return False
        by = await self._person(reaction, services.guild_id)
        await acknowledger.acknowledge_each(incidents, by=by, via=AckVia.REACTION)
        return True

    async def _person(self, reaction: discord.RawReactionActionEvent, guild_id: int) -> Person:
        """Return the person who reacted; a server's event carries the member, a DM's does not."""
        if reaction.member:
            return person_from(reaction.member)
        return await member_person(self.bot, user=discord.Object(reaction.user_id), guild_id=guild_id)


@control(template(IncidentVerb.ACK))
async def press_ack(interaction: Interaction, pressed: Pressed) -> None:
    """[👀 ack]: acknowledge the incident, or join it if another person was first."""
    await wait(interaction)
    by, acknowledger = await person_of(interaction), services_of(interaction).acknowledger
    result = await acknowledger.acknowledge(pressed.number, by=by, via=AckVia.BUTTON)
    voice = voice_of(interaction)
    await reply(interaction, acknowledged(voice, result), view=acknowledged_view(voice, result))


@control(template(IncidentVerb.HAND_BACK))
async def press_release(interaction: Interaction, pressed: Pressed) -> None:
    """[手を離す]: release the incident: a person who has joined takes over, or its ladder resumes."""
    await wait(interaction)
    by, releasing = await person_of(interaction), services_of(interaction).releasing
    result = await releasing.release(pressed.number, by=by)
    await reply(interaction, released(voice_of(interaction), result))


@control(template(IncidentVerb.FIRST))
async def press_first(interaction: Interaction, pressed: Pressed) -> None:
    """[📋 初動]: show the first-response sheet of the incident's severity."""
    await wait(interaction)
    incidents, by = services_of(interaction).incidents, await person_of(interaction)
    incident = await incidents.find(number=pressed.number, thread_id=None, by=by)
    await reply(interaction, view=first_response_screen(voice_of(interaction), incident))


@control(template(IncidentVerb.DECLINE))
async def press_decline(interaction: Interaction, pressed: Pressed) -> None:
    """Pass the page on at once, and say to whom: [対応できない] of a DM, or of a post in the server."""
    await wait(interaction)
    by = await person_of(interaction)
    is_dm = interaction.guild_id is None
    message_id = interaction.message.id if is_dm and interaction.message else None
    passing_on = services_of(interaction).passing_on
    result = await passing_on.decline(pressed.number, by=by, message_id=message_id)
    await reply(interaction, passed_on(voice_of(interaction), result))


def _bind(reaction: discord.RawReactionActionEvent) -> None:
    """Bind the log fields of a reaction's event."""
    clear_contextvars()
    bind_contextvars(
        trigger="reaction",
        guild_id=reaction.guild_id,
        channel_id=reaction.channel_id,
        user_id=reaction.user_id,
    )


@control(template(BundleVerb.ALL))
async def press_all(interaction: Interaction, pressed: Pressed) -> None:
    """[👀 すべて ack]: ask first, because this acknowledges many incidents at once."""
    await wait(interaction)
    bundle = await services_of(interaction).bundles.show(pressed.number)
    await reply(interaction, view=all_question(voice_of(interaction), bundle))


@control(template(BundleVerb.YES))
async def press_yes(interaction: Interaction, pressed: Pressed) -> None:
    """[37 件すべて ack する]: acknowledge all incidents of the bundle."""
    await wait(interaction)
    by, bundles = await person_of(interaction), services_of(interaction).bundles
    result = await bundles.acknowledge(pressed.number, by=by)
    await reply(interaction, all_acknowledged(voice_of(interaction), result))


@control(template(BundleVerb.PICK))
async def choose_incident(interaction: Interaction, pressed: Pressed) -> None:
    """Show the chosen incident as `/incident show` does, with its buttons."""
    await wait(interaction)
    by, looking = await person_of(interaction), services_of(interaction).looking
    view = await looking.view(int(pressed.chosen), by=by)
    await reply(interaction, view=show_screen(voice_of(interaction), view))


async def setup(bot: IncidentBot) -> None:
    bot.add_controls(press_ack, press_release, press_first, press_decline)
    bot.add_controls(press_all, press_yes, choose_incident)
    await bot.add_cog(RespondingCog(bot))

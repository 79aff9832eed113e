"""👀 and the buttons under what the bot posted: alert, thread, DM, re-evaluation."""

import asyncio
from datetime import timedelta
from typing import Final

import discord
import structlog
from discord.ext import commands
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot.client import IncidentBot
from bot.domain.errors import StorageUnavailable, UnavailableError, UserError
from bot.domain.incident import AckVia
from bot.ui.buttons import IncidentVerb, TriageVerb, template
from bot.ui.components import Control
from bot.ui.forms import (
    DETAILS_FORM,
    NOTE,
    NOTE_FORM,
    SYMPTOMS,
    TARGETS,
    Submitted,
    details_form,
    note_form,
)
from bot.ui.incident_console import acknowledged, first_response_screen, passed_on, resolve_question
from bot.ui.inert import inert
from bot.ui.interaction import reply, wait
from bot.ui.people import member_person, person_from, person_of

log = structlog.get_logger(__name__)

Press = discord.Interaction[IncidentBot]

# Somebody may react to a post before its id is in the database: it is looked for again after these pauses.
_LOOK_AGAIN_S: Final = (0.3, 1.0, 3.0)
_NEW_FOR: Final = timedelta(seconds=15)

# Discord takes a modal only as the first response, within 3 s: a read before it gets less than that.
_READ_WITHIN_S: Final = 1.5


class Responding(commands.Cog):
    """Acknowledging by reaction, and the buttons' registration."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Register the buttons and the forms behind them."""
        self.bot.add_controls(Ack, First, Details, WriteNote, Resolve, Decline, Promote, Dismiss)
        self.bot.add_form(DETAILS_FORM, send_details)
        self.bot.add_form(NOTE_FORM, send_note)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        """Acknowledge. Raw: the cached variant is silent for messages older than this process."""
        own = self.bot.user is not None and reaction.user_id == self.bot.user.id
        home = reaction.guild_id in (None, self.bot.guild_id)
        if own or not home or str(reaction.emoji) != self.bot.services.policy.ack_emoji:
            return
        clear_contextvars()
        bind_contextvars(
            trigger="reaction",
            guild_id=reaction.guild_id,
            channel_id=reaction.channel_id,
            user_id=reaction.user_id,
        )
        try:
            await self._acknowledge(reaction)
        except UserError as error:
            log.info("reaction.refused", key=error.key)  # a refusal is in the audit; a reaction has no reply
        except UnavailableError as error:
            # Not lost: it stands under the message, and is read again before anybody is rung.
            log.warning("reaction.not_recorded", reason=str(error))

    async def _acknowledge(self, reaction: discord.RawReactionActionEvent) -> None:
        user, home = discord.Object(reaction.user_id), self.bot.guild_id
        member = reaction.member  # a server's event carries it, a DM's does not
        by = person_from(member) if member else await member_person(self.bot, user=user, guild_id=home)
        if by.is_bot:
            return
        for pause_s in (0.0, *_LOOK_AGAIN_S):
            await asyncio.sleep(pause_s)
            acknowledger = self.bot.services.acknowledger
            found = await acknowledger.acknowledge_message(reaction.message_id, by=by, via=AckVia.REACTION)
            if found is not None or not _is_new(reaction.message_id):
                return


class Ack(Control, template=template(IncidentVerb.ACK)):
    """[👀 ack]."""

    async def press(self, interaction: Press) -> None:
        """Be on it, and hear whether somebody was first."""
        await wait(interaction)
        by, acknowledger = await person_of(interaction), interaction.client.services.acknowledger
        result = await acknowledger.acknowledge(self.number, by=by, via=AckVia.BUTTON)
        await reply(interaction, acknowledged(interaction.client.voice(interaction), result))


class First(Control, template=template(IncidentVerb.FIRST)):
    """[📋 初動]."""

    async def press(self, interaction: Press) -> None:
        """The sheet of the incident's severity."""
        await wait(interaction)
        incident = await interaction.client.services.incidents.find(number=self.number, thread_id=None)
        await reply(interaction, view=first_response_screen(interaction.client.voice(interaction), incident))


class Details(Control, template=template(IncidentVerb.DETAILS)):
    """[✏️ 更新]."""

    async def press(self, interaction: Press) -> None:
        """Targets and symptoms as a form, with what is known chosen."""
        incidents = interaction.client.services.incidents
        try:
            async with asyncio.timeout(_READ_WITHIN_S):
                incident = await incidents.find(number=self.number, thread_id=None)
        except TimeoutError:
            raise StorageUnavailable("too slow for a form") from None
        voice = interaction.client.voice(interaction)
        form = details_form(voice, self.number, targets=incident.targets, symptoms=incident.symptoms)
        await interaction.response.send_modal(form)


class WriteNote(Control, template=template(IncidentVerb.NOTE)):
    """[📝 メモ]."""

    async def press(self, interaction: Press) -> None:
        """A form for several lines."""
        await interaction.response.send_modal(note_form(interaction.client.voice(interaction), self.number))


class Resolve(Control, template=template(IncidentVerb.RESOLVE)):
    """[✅ 解決]."""

    async def press(self, interaction: Press) -> None:
        """Ask first: it cannot be undone."""
        await wait(interaction)
        await interaction.client.services.incidents.require_responder(
            self.number, await person_of(interaction)
        )
        incident = await interaction.client.services.incidents.find(number=self.number, thread_id=None)
        await reply(interaction, view=resolve_question(interaction.client.voice(interaction), incident))


class Decline(Control, template=template(IncidentVerb.DECLINE)):
    """[今は対応できない]."""

    async def press(self, interaction: Press) -> None:
        """Pass the page on at once, and say to whom."""
        await wait(interaction)
        by = await person_of(interaction)
        message_id = interaction.message.id if interaction.message else 0
        escalations = interaction.client.services.escalations
        result = await escalations.pass_on(self.number, by=by, message_id=message_id)
        await reply(interaction, passed_on(interaction.client.voice(interaction), result))


class Promote(Control, template=template(TriageVerb.PROMOTE)):
    """[🚨 発報する] under a re-evaluation."""

    async def press(self, interaction: Press) -> None:
        """It is an incident after all."""
        await wait(interaction)
        by, voice = await person_of(interaction), interaction.client.voice(interaction)
        incident = await interaction.client.services.triages.promote(self.number, by=by)
        if incident is None:
            await reply(interaction, voice.say("consoles.triage.promoted_before"))
            return
        told = voice.say("consoles.triage.promoted", label=incident.label, severity=incident.severity)
        await reply(interaction, told)


class Dismiss(Control, template=template(TriageVerb.DISMISS)):
    """[🟢 問題なし] under a re-evaluation."""

    async def press(self, interaction: Press) -> None:
        """Nothing is wrong: no alert."""
        await wait(interaction)
        by, voice = await person_of(interaction), interaction.client.voice(interaction)
        view = await interaction.client.services.triages.dismiss(self.number, by=by)
        title = inert(view.triage.title, limit=420)
        await reply(interaction, voice.say("consoles.triage.dismissed_by", title=title))


def _is_new(message_id: int) -> bool:
    return discord.utils.utcnow() - discord.utils.snowflake_time(message_id) < _NEW_FOR


async def send_details(interaction: Press, form: Submitted) -> None:
    """The form of [✏️ 更新] came back."""
    await wait(interaction)
    bot, policy = interaction.client, interaction.client.services.policy
    incident = await bot.services.incidents.set_details(
        form.number,
        by=await person_of(interaction),
        targets=form.chosen(TARGETS, known=policy.targets),
        symptoms=form.chosen(SYMPTOMS, known=policy.symptoms),
    )
    await reply(interaction, bot.voice(interaction).say("consoles.said.details", label=incident.label))


async def send_note(interaction: Press, form: Submitted) -> None:
    """The form of [📝 メモ] came back."""
    await wait(interaction)
    bot, key = interaction.client, f"interaction:{interaction.id}"
    by = await person_of(interaction)
    incident = await bot.services.incidents.note(form.number, by=by, text=form.text(NOTE), key=key)
    await reply(interaction, bot.voice(interaction).say("consoles.said.note", label=incident.label))


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(Responding(bot))

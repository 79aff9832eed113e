"""The form of a triage, blank or about a message: who may open it, and what is known of the message."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import discord
import structlog
from discord import app_commands
from discord.app_commands import locale_str

from bot.capability import RefusedReport
from bot.client import IncidentBot
from bot.domain.alerts.alert import MAY_BE_AFFECTED
from bot.domain.calendar.typed_times import OLDEST
from bot.domain.errors import DeliveryRefused, UnavailableError
from bot.domain.masking.masking import mask
from bot.domain.triage.session import Evidence
from bot.services.triage.sources import AlreadyRaised
from bot.ui.answers import Pressed, control
from bot.ui.discord_api.client import Rest, message_route
from bot.ui.forms.fields import MessageSource, Typed, ask, started_now, triage_form
from bot.ui.interaction import Interaction, person_from, reply, services_of, voice_of, wait
from bot.ui.posts.incident.thread import is_marked
from bot.ui.posts.triage import FROM, FROM_HERE
from bot.ui.screens.outcome import raised_card, takes_report
from bot.ui.words.evidence import evidence_from, evidence_of, suggested_title

log = structlog.get_logger(__name__)


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_triage, press_triage_here)
    bot.tree.add_command(triage_message)


async def admit(interaction: Interaction, report: RefusedReport) -> bool:
    """Return True for a person who may triage, which needs no request and no wait.

    Others may hand on *report*; return False then.

    Raises:
        NotPermitted: they may not; on record.
    """
    services, by = services_of(interaction), person_from(interaction.user)
    if services.access.allows(by, "triage"):
        return True
    if await takes_report(interaction, report):
        return False
    await wait(interaction)
    await services.access.require(by, "triage", guild_id=services.guild_id, act="triage.begin")
    return True


async def open_form(
    interaction: Interaction, *, title: str = "", source: MessageSource | None = None
) -> None:
    """Open a blank form, or one with what is known already: a message's time is where its trouble began."""
    voice, now = voice_of(interaction), interaction.created_at
    began = now if source is None else start_of_message(source.message_id, now=now)
    typed = Typed(started=started_now(voice, began), title=title)
    await ask(interaction, triage_form(voice, typed, source=source))


def start_of_message(message_id: int, *, now: datetime) -> datetime:
    """Return when the message was posted; *now* for one whose time the form would refuse as too old."""
    posted = min(discord.utils.snowflake_time(message_id), now)
    return posted if now - posted < OLDEST else now


def source_of(fields: Mapping[str, str | None]) -> MessageSource | None:
    """Return the message that a custom id names, if it names one."""
    channel, message = fields.get("channel"), fields.get("message")
    return None if channel is None or message is None else MessageSource(int(channel), int(message))


# Discord takes a modal only as the first response, so it comes at once, even when a read is slow: what is
# not read by then is read when the form has come back, which leaves time for it.
_READ_BEFORE_FORM_S: Final = 0.4
_READ_AFTER_FORM_S: Final = 5.0


@app_commands.context_menu(name=locale_str("Triage this message", key="commands.triage_message"))
@app_commands.guild_only()
async def triage_message(interaction: Interaction, message: discord.Message) -> None:
    """Open the form about a message; its words come with this interaction alone, so they are kept."""
    evidence, source = evidence_of(message), MessageSource(message.channel.id, message.id)
    names = {user.id: user.display_name for user in message.mentions}
    title = suggested_title(evidence.text, names)
    if not await admit(interaction, RefusedReport(title=title, source=source, evidence=evidence)):
        return
    if _may_be_known(interaction, message) and not await _is_open(interaction, message):
        return
    if message.author.bot:
        title = await _alert_title(interaction, source) or _masked(title)
    await _open_about(interaction, source, evidence, title=title)


@control(FROM)
async def press_triage(interaction: Interaction, pressed: Pressed) -> None:
    """[🔎 triage] under an alert: open the form about the message that the custom id names.

    It has the message's words as they were heard, or read; when that takes too long, it has none.
    """
    source = MessageSource(int(pressed.fields["channel"]), int(pressed.fields["message"]))
    title = _shown_title(interaction, pressed)
    if not await admit(interaction, RefusedReport(title=title or "", source=source)):
        return
    heard = interaction.client.heard.get(source.message_id)
    evidence = heard or await _read(interaction, source, within_s=_READ_BEFORE_FORM_S)
    if evidence is None:
        await open_form(interaction, source=source, title=title or "")
        return
    title = title or await _alert_title(interaction, source) or _masked(suggested_title(evidence.text, {}))
    await _open_about(interaction, source, evidence, title=title)


def _masked(title: str) -> str:
    """Return the title that a monitor's words suggest, without the secrets that these may quote."""
    return mask(title, leaves=MAY_BE_AFFECTED).text


def _may_be_known(interaction: Interaction, message: discord.Message) -> bool:
    """Return True if the message must be looked up before its form may open.

    No query, since the person waits for it. The event shows almost every message of a drill, of a private
    incident or of an existing incident. The check of all others is made when the form is sent.
    """
    ours, channel = interaction.client.user, interaction.channel
    return (
        # an alert or an escalation
        (ours is not None and message.author.id == ours.id)
        # said in the thread of a drill or of a private incident: the bot marks its name
        or (isinstance(channel, discord.Thread) and is_marked(interaction.client.texts, channel.name))
        # a triage may have raised it
        or services_of(interaction).triages.sources.was_triaged(message.id)
    )


def _shown_title(interaction: Interaction, pressed: Pressed) -> str | None:
    """Return the title of the alert under which the button is, if this process has rendered it."""
    alert, digest = pressed.fields["alert"], pressed.fields["title"]
    if not alert:  # an older version's button
        return None
    return services_of(interaction).alert_titles.as_shown(int(alert), digest)


@control(FROM_HERE)
async def press_triage_here(interaction: Interaction, pressed: Pressed) -> None:
    """[🔎 triage] under an alert that no other message shows: open the form about the bot's own post."""
    title, message = _shown_title(interaction, pressed), interaction.message
    source = None if message is None else MessageSource(message.channel.id, message.id)
    if not await admit(interaction, RefusedReport(title=title or "", source=source)):
        return
    if message is None or source is None:
        await open_form(interaction, title=title or "")
        return
    title = title or await _alert_title(interaction, source) or ""
    await _open_about(interaction, source, evidence_of(message), title=title)


async def _is_open(interaction: Interaction, message: discord.Message) -> bool:
    """Return True if the form may open. Answer at once for a message of a drill or of an existing incident.

    If the database does not say in time, the form opens and the check is made when it is sent.
    """
    services, by = services_of(interaction), person_from(interaction.user)
    place = (services.guild_id, message.channel.id, message.id)
    try:
        async with asyncio.timeout(_READ_BEFORE_FORM_S):
            await services.triages.sources.require_open(*place, by=by)
    except (TimeoutError, UnavailableError) as error:
        log.info("triage.message_not_looked_up", reason=_reason(error))
    except AlreadyRaised as raised:
        await wait(interaction)
        voice = voice_of(interaction)
        await reply(interaction, view=raised_card(voice, raised.incident, has_typed=False))
        return False
    return True


async def _open_about(
    interaction: Interaction, source: MessageSource, evidence: Evidence, *, title: str
) -> None:
    """Open the form, and keep the words for when it comes back."""
    sources = services_of(interaction).triages.sources
    sources.remember_message(source.channel_id, source.message_id, evidence)
    await open_form(interaction, title=title, source=source)
    interaction.client.spawn(_keep(interaction, source, evidence), name="a message kept")


async def _alert_title(interaction: Interaction, source: MessageSource) -> str | None:
    """Return the title of the tracked alert, so that both share it; None when it cannot be read in time."""
    titles = services_of(interaction).alert_titles
    try:
        async with asyncio.timeout(_READ_BEFORE_FORM_S):
            return await titles.of_message(source.message_id)
    except (TimeoutError, UnavailableError) as error:
        log.info("triage.alert_not_looked_up", reason=_reason(error))
        return None


def _reason(error: Exception) -> str:
    """Return what a log line says of *error*; a TimeoutError of asyncio has no text."""
    return str(error) or type(error).__name__


async def _keep(interaction: Interaction, source: MessageSource, evidence: Evidence) -> None:
    """Store the message after the form has opened, so that a slow or lost database cannot delay the form."""
    await interaction.client.has_responded()
    sources = services_of(interaction).triages.sources
    await sources.note_message(source.channel_id, source.message_id, evidence)


async def evidence_for(interaction: Interaction, source: MessageSource) -> Evidence | None:
    """Return the message that was kept when the form opened, else as it can be read now; None if neither."""
    sources = services_of(interaction).triages.sources
    noted = await sources.noted_message(source.channel_id, source.message_id)
    if noted is not None:
        return noted
    return await _read(interaction, source, within_s=_READ_AFTER_FORM_S)


async def _read(interaction: Interaction, source: MessageSource, *, within_s: float) -> Evidence | None:
    route = message_route("GET", source.channel_id, source.message_id)
    try:
        payload = await Rest(interaction.client, deadline_s=within_s).one(route)
    except (DeliveryRefused, UnavailableError) as error:
        log.info("triage.message_not_read", reason=str(error))
        return None
    return evidence_from(payload, guild_id=services_of(interaction).guild_id)

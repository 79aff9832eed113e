"""The answer to a person who raises an incident while the database is away."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import discord
from discord import ButtonStyle, ui

from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import Incident, NewIncident
from bot.services.incidents.opening import Incidents
from bot.services.outage.emergency import Raised
from bot.ui.components import GREY, button, buttons_view, link
from bot.ui.forms.base import Typed
from bot.ui.interaction import Interaction, reply, services_of, voice_of
from bot.ui.screens.triage_retry import bits
from bot.ui.words.links import place_url
from bot.ui.words.voice import Voice, channel_name

#: The custom id of [SEV1 を発報する] under a triage that cannot go on; the message keeps the words.
URGENT: Final = r"tri:v1:urgent:(?P<severity>[A-Za-z0-9_-]{1,16}):(?P<targets>\d{1,8}):(?P<symptoms>\d{1,8})"

#: How long to ask whether something was recorded after all, seconds.
_RECORDED_S: Final = 1.0


def raised(voice: Voice, done: Raised, *, guild_id: int) -> tuple[str, ui.View]:
    """Say who was told, and that nothing needs to be done again."""
    channel = channel_name(voice.policy.rules(done.severity).channel)
    key = "posted" if done.alert else "mailed" if done.told else "nobody"
    where = done.alert
    url = None if where is None else place_url(guild_id, where.channel_id, where.message_id)
    view = buttons_view(link(voice.say("emergency.said.open"), url))
    return voice.say(f"emergency.said.{key}", channel=channel, count=done.told), view


def offer(voice: Voice, typed: Typed, severities: Iterable[str]) -> tuple[str, discord.Embed, ui.View]:
    """Offer the highest severities at once with what was typed, because the questions cannot be asked."""
    embed = discord.Embed(colour=GREY).set_author(name=typed.title).set_footer(text=typed.started or "-")
    chosen = f"{bits(voice.policy.targets, typed.targets)}:{bits(voice.policy.symptoms, typed.symptoms)}"
    buttons = (
        button(
            voice.say("emergency.said.raise", severity=severity),
            f"tri:v1:urgent:{severity}:{chosen}",
            style=ButtonStyle.danger,
            emoji="🚨",
        )
        for severity in severities
    )
    return voice.say("emergency.said.offer"), embed, buttons_view(*buttons)


async def opened_or_raised(interaction: Interaction, new: NewIncident) -> Incident | None:
    """Open an incident. If the database cannot record it, alert people without it, and answer the person.

    Returns:
        The incident; None if it was raised without the database, and the person has their answer.

    Raises:
        StorageUnavailable: nothing can be recorded, and it is not severe enough, or must stay private.
    """
    services = services_of(interaction)
    incidents, emergency = services.incidents, services.emergency
    if new.is_private or not emergency.covers(new.severity):
        return await incidents.open(new)
    with suppress(StorageUnavailable):
        return await emergency.unless_away(incidents.open(new))
    if known := await recorded(new.key, incidents=incidents):
        return known
    await raise_anyway(interaction, new)
    return None


async def recorded(key: str, *, incidents: Incidents) -> Incident | None:
    """Return the incident that was recorded under *key* after all, if the database says so in time.

    A connection may break between a commit and its answer. Raising that incident again without a database
    would page people twice.
    """
    with suppress(StorageUnavailable, TimeoutError):
        async with asyncio.timeout(_RECORDED_S):
            return await incidents.opened(key)
    return None


async def raise_anyway(interaction: Interaction, new: NewIncident) -> None:
    """Raise the incident without a database, and say what happened."""
    done = await services_of(interaction).emergency.raise_alert(new)
    text, view = raised(voice_of(interaction), done, guild_id=new.guild_id)
    await reply(interaction, text, view=view)

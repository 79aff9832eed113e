"""Opening the form of a triage: who may, and about which message."""

from collections.abc import Mapping
from typing import TypeAlias

import discord

from bot.client import IncidentBot
from bot.ui.forms.base import Source, Typed, started_now, triage_form
from bot.ui.forms.fields import ask
from bot.ui.interaction import wait
from bot.ui.people import person_from

Press: TypeAlias = discord.Interaction[IncidentBot]


async def admit(interaction: Press) -> None:
    """Whoever may not triage is told so; nobody else waits for anything."""
    services, by = interaction.client.services(interaction), person_from(interaction.user)
    if not services.access.allows(by, "triage"):
        await wait(interaction)
        await services.access.require(by, "triage", guild_id=services.guild_id, act="triage.begin")


async def open_form(interaction: Press, *, title: str = "", source: Source | None = None) -> None:
    """Blank, or with what is known already."""
    voice = interaction.client.voice(interaction)
    typed = Typed(started=started_now(voice, interaction.created_at), title=title)
    await ask(interaction, triage_form(voice, typed, source=source))


def source_of(fields: Mapping[str, str | None]) -> Source | None:
    """The message that a custom id names, if it names one."""
    channel, message = fields.get("channel"), fields.get("message")
    return None if channel is None or message is None else Source(int(channel), int(message))

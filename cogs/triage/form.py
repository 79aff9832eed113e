"""Open the form of a triage: for a person who may, and with what is known of the message it is about."""

from collections.abc import Mapping
from datetime import datetime

import discord

from bot.domain.calendar.typed_times import OLDEST
from bot.ui.forms.base import MessageSource, Typed, started_now, triage_form
from bot.ui.forms.fields import ask
from bot.ui.interaction import Interaction, services_of, voice_of, wait
from bot.ui.people import person_from


async def admit(interaction: Interaction) -> None:
    """Refuse a person who may not triage; others need no request and no wait."""
    services, by = services_of(interaction), person_from(interaction.user)
    if not services.access.allows(by, "triage"):
        await wait(interaction)
        await services.access.require(by, "triage", guild_id=services.guild_id, act="triage.begin")


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

"""`/dlq show`: one undelivered notification."""

import asyncio
from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.errors import BotError
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import OFFERED
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.people import person_from
from bot.ui.screens.dlq.console import PRESSABLE, entry_choice
from cogs.dlq.group import dlq_group, presenter_of

EntryId = app_commands.Range[str, 1, 100]

ENTRY: Final = rf"(?P<entry>{PRESSABLE.pattern})"
_OFFERED_WITHIN_S: Final = 2.5  # Discord: an autocomplete's answer is due within 3 s
_VALUE_LIMIT: Final = 100  # Discord: the value of a choice
ID_OPTION: Final = locale_str("The entry's id; the list's six digits are enough", key="commands.dlq_id")


async def offer_entries(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the latest failures by short id and title; none while the table cannot be read in time."""
    services, voice = services_of(interaction), voice_of(interaction)
    by = person_from(interaction.user)
    reading = services.dlq_console.offered(typed, by=by, guild_id=services.guild_id, limit=OFFERED)
    try:
        async with asyncio.timeout(_OFFERED_WITHIN_S):
            found = await reading
    except (BotError, TimeoutError):
        return []
    fitting = [entry for entry in found if len(entry.id) <= _VALUE_LIMIT]
    return [Choice(name=entry_choice(voice, entry), value=entry.id) for entry in fitting]


@dlq_group.command(name="show", description=locale_str("Look at one entry", key="commands.dlq_show"))
@described(id_=ID_OPTION)
@app_commands.autocomplete(id_=offer_entries)
async def show(interaction: Interaction, id_: EntryId) -> None:
    """Show one failure, as it would have looked."""
    await wait(interaction)
    await reply(interaction, view=await presenter_of(interaction).entry(id_))


@control(r"dlq:v1:open")
async def choose_entry(interaction: Interaction, pressed: Pressed) -> None:
    """Show the chosen entry below the list."""
    await wait(interaction)
    await reply(interaction, view=await presenter_of(interaction).entry(pressed.chosen))


@control(rf"dlq:v1:json:{ENTRY}")
async def press_json(interaction: Interaction, pressed: Pressed) -> None:
    """[生の JSON]: send the payload as it is stored."""
    await wait(interaction)
    text, file = await presenter_of(interaction).raw(pressed.fields["entry"])
    await reply(interaction, text, file=file)


def register(bot: IncidentBot) -> None:
    """Let *bot* answer the buttons of this module."""
    bot.add_controls(choose_entry, press_json)

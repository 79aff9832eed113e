"""How a command names its incident: by its number, or by the thread in which it is run."""

from collections.abc import Awaitable, Iterable
from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import BotError, UserError
from bot.domain.incident.incident import Incident
from bot.ui.choices import choices_of
from bot.ui.interaction import Interaction, services_of, voice_of
from bot.ui.people import person_from
from bot.ui.words.inert import plain

Number = app_commands.Range[int, 1, 2**53 - 1]  # Discord: the integers that an option can carry

_TITLE_SHOWN: Final = 60

NUMBER_OPTION: Final = locale_str("The INC number; not needed in its thread", key="commands.incident_number")


async def named(interaction: Interaction, number: int | None) -> Incident:
    """Return the incident that was named, or the one whose thread this is.

    Raises:
        IncidentNotFound: no such number, or a private one that is not theirs to see.
        UserError: none was named, and this is no incident's thread.
    """
    found = await named_or_here(interaction, number)
    if found is None:
        raise UserError("incident_unnamed")
    return found


async def named_or_here(interaction: Interaction, number: int | None) -> Incident | None:
    """Return the incident that was named, or the one of this thread; None if neither leads to one.

    Raises:
        IncidentNotFound: no such number, or a private one that is not theirs to see.
    """
    if number is None:
        return await here(interaction)
    by = person_from(interaction.user)
    return await services_of(interaction).incidents.find(number=number, thread_id=None, by=by)


async def here(interaction: Interaction) -> Incident | None:
    """Return the incident of this thread; None if this is no incident's thread.

    Raises:
        IncidentNotFound: this is the thread of a private incident that the person may not see.
    """
    channel_id, by = interaction.channel_id, person_from(interaction.user)
    if channel_id is None:
        return None
    return await services_of(interaction).incidents.of_place(channel_id, by=by)


async def offered(
    interaction: Interaction, reading: Awaitable[Iterable[Incident]], typed: int | str
) -> list[Choice[int]]:
    """Return the choices among the incidents of *reading* whose number or title holds what was typed."""
    try:
        found = await reading
    except BotError:
        return []  # a list of choices has no place for words
    voice = voice_of(interaction)
    titles = {one.id: plain(voice.marked(one, one.title), limit=_TITLE_SHOWN) for one in found}
    names = {one.id: f"{one.label} {one.severity} {titles[one.id]}" for one in found}
    return choices_of(names, str(typed or ""))


async def offer_incidents(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer open incidents, then recently ended ones."""
    services, by = services_of(interaction), person_from(interaction.user)
    reading = services.looking.others(services.guild_id, than=None, thread_id=None, by=by)
    return await offered(interaction, reading, typed)

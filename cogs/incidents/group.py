"""The command group `/incident`, and the incidents that its commands offer."""

from collections.abc import Iterable
from typing import Any, Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.incident.incident import Incident
from bot.ui.choices import offered
from bot.ui.interaction import Interaction, person_from, services_of

REASON_OPTION: Final = locale_str("Why, in one line", key="commands.incident_reason")

incident_group: Final = app_commands.Group(
    name="incident",
    description=locale_str("See, annotate and resolve incidents", key="commands.incident"),
    guild_only=True,
)


async def offer_open(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer open incidents whose number or title holds what was typed; none while they cannot be read."""
    services, by = services_of(interaction), person_from(interaction.user)
    return await offered(interaction, services.looking.open_ones(services.guild_id, by=by), typed)


async def offer_ended(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer recently ended incidents, latest first."""
    services, by = services_of(interaction), person_from(interaction.user)
    return await offered(interaction, services.looking.ended_lately(services.guild_id, by=by), typed)


async def offer_others(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer the incidents that the command's incident may be linked with."""
    reading = _others(interaction, than=_number(interaction), thread_id=interaction.channel_id)
    return await offered(interaction, reading, typed)


async def offer_linkers(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer the incidents that may be linked with the one in the command's option ``with``."""
    reading = _others(interaction, than=_number(interaction, option="with"), thread_id=None)
    return await offered(interaction, reading, typed)


async def offer_linked(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer the incidents that the command's incident is linked with."""
    services, than = services_of(interaction), _number(interaction)
    thread_id, by = interaction.channel_id, person_from(interaction.user)
    return await offered(interaction, services.looking.linked(than=than, thread_id=thread_id, by=by), typed)


async def offer_takers(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer the incidents that the command's incident may be merged into."""
    services, than = services_of(interaction), _number(interaction)
    thread_id, by = interaction.channel_id, person_from(interaction.user)
    reading = services.looking.takers(services.guild_id, than=than, thread_id=thread_id, by=by)
    return await offered(interaction, reading, typed)


async def offer_duplicates(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer the incidents that may be merged into the one in the command's option ``into``."""
    services, into = services_of(interaction), _number(interaction, option="into")
    by = person_from(interaction.user)
    return await offered(interaction, services.looking.duplicates(services.guild_id, into=into, by=by), typed)


async def _others(interaction: Interaction, *, than: int | None, thread_id: int | None) -> Iterable[Incident]:
    services, by = services_of(interaction), person_from(interaction.user)
    return await services.looking.others(services.guild_id, than=than, thread_id=thread_id, by=by)


def _number(interaction: Interaction, *, option: str = "number") -> int | None:
    """Return the number in the command so far; what is typed there may be no number yet."""
    number: Any = getattr(interaction.namespace, option, None)
    return number if isinstance(number, int) else None

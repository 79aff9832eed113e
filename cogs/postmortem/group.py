"""The command group `/postmortem`, and the incidents that its commands offer."""

from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.ui.interaction import Interaction, services_of
from bot.ui.named_incidents import offered
from bot.ui.people import person_from

postmortem_group: Final = app_commands.Group(
    name="postmortem",
    description=locale_str("Postmortems of resolved incidents", key="commands.postmortem"),
    guild_only=True,
)


async def offer_owed(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer the incidents that owe a postmortem, the earliest date first."""
    services, by = services_of(interaction), person_from(interaction.user)
    return await offered(interaction, services.postmortems.offered(services.guild_id, by=by), typed)

"""The command that the modules of this folder add to, and what they share."""

from typing import Final

from discord import app_commands
from discord.app_commands import locale_str

from bot.ui.interaction import Interaction, services_of, voice_of
from bot.ui.people import person_from
from bot.ui.screens.dlq.desk import DlqDesk

dlq_group: Final = app_commands.guild_only(
    app_commands.Group(
        name="dlq",
        description=locale_str("Look into undelivered notifications, and replay them", key="commands.dlq"),
    )
)


def desk_of(interaction: Interaction) -> DlqDesk:
    """Return the DLQ as the person of *interaction* asks for it."""
    by = person_from(interaction.user)
    return DlqDesk(services_of(interaction), voice_of(interaction), by=by)

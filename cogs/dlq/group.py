"""The command group `/dlq`, and what its modules share."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.ui.choices import choices_of
from bot.ui.discord_api.hidden_channels import may_view
from bot.ui.interaction import Interaction, services_of, voice_of
from bot.ui.people import person_from
from bot.ui.screens.dlq.presenter import DlqPresenter

dlq_group: Final = app_commands.guild_only(
    app_commands.Group(
        name="dlq",
        description=locale_str("Look into undelivered notifications, and replay them", key="commands.dlq"),
    )
)


def presenter_of(interaction: Interaction) -> DlqPresenter:
    """Return the presenter of the DLQ for the person of *interaction*."""
    by = person_from(interaction.user)
    return DlqPresenter(services_of(interaction), voice_of(interaction), by=by)


async def offer_channels(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the channels that both the person and the bot see, by name."""
    guild, member = interaction.guild, interaction.user
    if guild is None or not isinstance(member, discord.Member):
        return []
    known = [one for one in guild.text_channels if may_view(one)]
    seen = [one.name for one in known if one.permissions_for(member).send_messages]
    return choices_of({name: f"#{name}" for name in seen}, typed.strip().removeprefix("#"))

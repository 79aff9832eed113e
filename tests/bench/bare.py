"""The least a bot can do: a bare discord.py client that answers every interaction, and nothing else."""

import os
from typing import Any

import discord

from bot.client import use_api_base


class Bare(discord.Client):
    """Answers at once."""

    async def on_ready(self) -> None:
        """Say so."""
        print("ready", flush=True)  # noqa: T201 -- whoever started us waits for it

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """The shortest answer there is."""
        await interaction.response.send_message("ok", ephemeral=True)


if __name__ == "__main__":
    use_api_base(os.environ["DISCORD_API_BASE"])
    Bare(intents=discord.Intents.none()).run(os.environ["DISCORD_TOKEN"], log_handler=None)

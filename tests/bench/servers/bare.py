"""The least a bot can do: a bare discord.py client that answers each interaction, and commits for each 👀."""

import os
from typing import Any

import asyncpg
import discord

from bot.client import use_api_base
from bot.storage.database.migrate import SEARCH_PATH


class Bare(discord.Client):
    """Answers at once."""

    connection: asyncpg.Connection

    async def setup_hook(self) -> None:
        """Connect to the database."""
        settings = {"search_path": SEARCH_PATH}
        self.connection = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings=settings)

    async def on_ready(self) -> None:
        """Say so."""
        print("ready", flush=True)  # noqa: T201 -- whoever started us waits for it

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """The shortest answer there is."""
        await interaction.response.send_message("ok", ephemeral=True)

    async def on_raw_reaction_add(self, _reaction: discord.RawReactionActionEvent) -> None:
        """The shortest acknowledge there is."""
        await self.connection.execute("UPDATE bench_floor SET n = n + 1")


if __name__ == "__main__":
    use_api_base(os.environ["DISCORD_API_BASE"])
    intents = discord.Intents(guilds=True, guild_reactions=True)
    Bare(intents=intents).run(os.environ["DISCORD_TOKEN"], log_handler=None)

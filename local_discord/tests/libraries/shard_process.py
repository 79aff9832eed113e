"""One shard of a bot as a process of its own, with discord.py: prints what it hears, one JSON list a line.

``python -m local_discord.tests.libraries.shard_process API_BASE GATEWAY SHARD COUNT``.
The token comes on standard input.
"""

import json
import sys
import warnings
from typing import Final

import yarl

from local_discord.tests.libraries.hasty import GUILDS_WITHIN_S, Hasty

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py 2.7.1 imports audioop
    import discord

INTENTS: Final = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


class Shard(Hasty):
    """Says what reaches it."""

    async def on_ready(self) -> None:
        """Connected, with these guilds."""
        say("ready", *(str(guild.id) for guild in self.guilds))

    async def on_message(self, message: discord.Message) -> None:
        """A message, in a guild or not."""
        say("guild" if message.guild else "dm", str(message.channel.id))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a command with the number of this shard."""
        say("interaction", str(interaction.id))
        await interaction.response.send_message(f"answered by shard {self.shard_id}", ephemeral=True)


def say(*words: str) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run until the process is ended."""
    api_base, gateway, shard, count = sys.argv[1:]
    discord.http.Route.BASE = api_base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    client = Shard(
        intents=INTENTS, guild_ready_timeout=GUILDS_WITHIN_S, shard_id=int(shard), shard_count=int(count)
    )
    client.run(sys.stdin.readline().strip(), log_handler=None)


if __name__ == "__main__":
    main()

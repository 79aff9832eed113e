"""The command line as a process of its own, from start to end."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from local_discord.server import LocalDiscord
from tests import warm

DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """The lines that begin with "error: ", without it."""
        return [line.removeprefix("error: ") for line in self.err.splitlines() if line.startswith("error: ")]


async def incident_bot(*arguments: str, folder: Path, **env: str) -> Outcome:
    """Run ``incident-bot ARGUMENTS`` in *folder*, with none of our keys in its environment but *env*."""
    async with asyncio.timeout(DEADLINE_S):
        code, out, err = await warm.run(*arguments, env=env, folder=folder)
    return Outcome(code, out.decode(), err.decode())


def settings_for(sandbox: LocalDiscord, **more: str) -> dict[str, str]:
    """The environment that points at *sandbox*."""
    return {
        "DISCORD_TOKEN": sandbox.address.token,
        "DISCORD_GUILD_ID": sandbox.address.guild_id,
        "DISCORD_API_BASE": sandbox.api_base,
        **more,
    }

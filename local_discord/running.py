"""Run a local Discord in this process, with a client for its people, for a test or a script."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from local_discord.client import Human
from local_discord.core import Core
from local_discord.server import Address, LocalDiscord
from local_discord.world.seed import default_world


@dataclass(frozen=True, slots=True)
class RunningDiscord:
    """A running local Discord.

    Attributes:
        human: The client that acts for its people.
        server: The server, which `restart` restarts.
    """

    human: Human
    server: LocalDiscord

    @property
    def address(self) -> Address:
        """Return the addresses and ids for a bot, and its token."""
        return self.server.address

    @property
    def environment(self) -> dict[str, str]:
        """Return the address as environment variables, for a bot that runs as a process of its own."""
        return self.address.environment()


class InternalErrors(AssertionError):
    """Raised when the local Discord itself has failed; the message has each traceback."""


@asynccontextmanager
async def running_discord(*, bot_name: str = "bot", port: int = 0) -> AsyncIterator[RunningDiscord]:
    """Start a local Discord with a server, channels, people and a bot, and stop it on leaving.

    Args:
        bot_name: The user name of the bot.
        port: A port on 127.0.0.1; 0 takes a free one.

    Raises:
        OSError: The port is taken.
        InternalErrors: On leaving, if the local Discord itself has failed.
    """
    server = LocalDiscord(port=port, core=Core(world=default_world(bot_name)))
    async with server, Human(server.human) as human:
        yield RunningDiscord(human, server)
    if server.core.world.internal_errors:
        raise InternalErrors("\n".join(server.core.world.internal_errors))

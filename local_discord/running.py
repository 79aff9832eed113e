"""A local Discord in this process, with the people in it: what a test or a script begins with."""

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
        human: What people do in it, and see.
        server: Its parts, and `restart`.
    """

    human: Human
    server: LocalDiscord

    @property
    def address(self) -> Address:
        """What a bot needs: `api_base`, `gateway`, `token`, `guild_id`, `application_id`."""
        return self.server.address

    @property
    def environment(self) -> dict[str, str]:
        """The same as environment variables, for a bot that is started as a process."""
        return self.address.environment()


class InternalErrors(AssertionError):
    """The local Discord has failed by itself; each of its tracebacks is in the message."""


@asynccontextmanager
async def running_discord(*, bot_name: str = "bot", port: int = 0) -> AsyncIterator[RunningDiscord]:
    """Start a local Discord with a server, channels, people and a bot; end it on leaving.

    Raises:
        InternalErrors: On leaving, when it has failed by itself.
    """
    server = LocalDiscord(port=port, core=Core(world=default_world(bot_name)))
    async with server, Human(server.human) as human:
        yield RunningDiscord(human, server)
    if server.core.world.internal_errors:
        raise InternalErrors("\n".join(server.core.world.internal_errors))

"""A local Discord with two guilds: the same people in both, and each with channels and roles of its own.

The sandbox knows one guild. Here every request and every event sees the world of the guild that it is about:
the one whose id, channel or interaction is in the path, or that a person is looking at (a header).
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from local_discord.client import Human
from local_discord.core import Core
from local_discord.server import LocalDiscord
from local_discord.tests.openapi.watch import hold_against_the_description
from local_discord.world.seed import GUILD_ID, default_world
from local_discord.world.world import Channel, Guild, Member, Role
from local_discord.world.world import World as Discord
from tests.e2e.world.opening import hold_digests
from tests.e2e.world.world import World
from tests.postgres import install_movable_clock

OTHER_ID: Final = "1200000000000000001"
_LOOKS_AT: Final = "X-Looks-At"
_NAMED: Final = re.compile(r"/(guilds|channels)/(\d+)")
_BY_TOKEN: Final = re.compile(r"/(?:interactions|webhooks)/\d+/([^/]+)")


class TwoGuilds(Core):
    """`Core` whose `world` is the one in view; direct messages are the first guild's."""

    def __post_init__(self) -> None:
        self._in_view: ContextVar[str] = ContextVar("guild in view", default=GUILD_ID)
        self._worlds = {GUILD_ID: self._first, OTHER_ID: _beside(self._first)}
        super().__post_init__()
        for world in self._worlds.values():
            world.now = self.clock.now

    @property
    def world(self) -> Discord:
        """The guild in view, and everything that it has."""
        return self._worlds[self._in_view.get()] if hasattr(self, "_worlds") else self._first

    @world.setter
    def world(self, world: Discord) -> None:
        self._first = world

    def each_guild(self) -> Iterator[Discord]:
        """Both, each while it is in view."""
        for guild_id, world in self._worlds.items():
            token = self._in_view.set(guild_id)
            yield world
            self._in_view.reset(token)

    def look(self, request: web.Request) -> None:
        """See what *request* is about, until the next one."""
        self._in_view.set(request.headers.get(_LOOKS_AT) or self._named(request.path))

    def _named(self, path: str) -> str:
        if (found := _BY_TOKEN.search(path)) and (by_token := self.by_token.get(found[1])):
            return self._of_channel(by_token.channel_id)
        if not (found := _NAMED.search(path)):
            return GUILD_ID
        kind, known = found.groups()
        return self._of_channel(known) if kind == "channels" else known if known in self._worlds else GUILD_ID

    def _of_channel(self, channel_id: str) -> str:
        owners = [guild_id for guild_id, world in self._worlds.items() if channel_id in world.channels]
        return owners[0] if owners else GUILD_ID


def _beside(first: Discord) -> Discord:
    """Another guild with the same people, application and roles, and with channels of the same names."""
    other = default_world()
    ids = {GUILD_ID: OTHER_ID} | {
        role: role.replace("11", "12", 1) for role in other.roles if role != GUILD_ID
    }
    other.guild = Guild(OTHER_ID, "Elsewhere", first.guild.owner_id, preferred_locale="en-US")
    roles = [(ids[role.id], role) for role in other.roles.values()]
    other.roles = {
        role_id: Role(role_id, role.name, role.permissions, role.position, managed_by=role.managed_by)
        for role_id, role in roles
    }
    other.users, other.application = first.users, first.application
    other.members = {
        user_id: Member(first.users[user_id], [ids[role] for role in member.roles], member.joined_at)
        for user_id, member in first.members.items()
    }
    other.channels = {
        one.id.replace("11", "12", 1): Channel(
            one.id.replace("11", "12", 1), one.type, one.name, position=one.position, extra=one.extra
        )
        for one in first.channels.values()
    }
    other.messages, other.webhooks, other.files = first.messages, first.webhooks, first.files
    other.internal_errors = first.internal_errors
    return other


class TwoGuildsDiscord(LocalDiscord):
    """The local Discord, which looks at the right guild before it answers."""

    def __init__(self) -> None:
        self._both = TwoGuilds()
        super().__init__(core=self._both)

    def _app(self) -> web.Application:
        app = super()._app()

        @web.middleware
        async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._both.look(request)
            return await handler(request)

        app.middlewares.append(look)
        return app


@dataclass(frozen=True, slots=True)
class Guilds:
    """One bot in two guilds.

    Attributes:
        home: The first guild as its people see it; it starts and stops the bot, and shows direct messages.
        other: The second one.
    """

    home: World
    other: World


@asynccontextmanager
async def two_guilds(
    database_url: str, *, policies: Mapping[str, str], folder: Path, **env: str
) -> AsyncIterator[Guilds]:
    """A fresh local Discord with two guilds, no commands and no bot yet, and a movable clock.

    When it is left, all that was asked of that Discord and answered by it must be as Discord describes it.

    Args:
        policies: The files of RUNBOOK_FILE, by name.
        folder: Where the bot works.
        env: Further settings of the bot.
    """
    runbooks = folder / "runbooks"
    runbooks.mkdir()
    for name, text in policies.items():
        (runbooks / name).write_text(text, encoding="utf-8")
    await install_movable_clock(database_url)
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(TwoGuildsDiscord())
        settings = {
            "DISCORD_TOKEN": sandbox.address.token,
            "DISCORD_API_BASE": sandbox.api_base,
            "DATABASE_URL": database_url,
            "RUNBOOK_FILE": str(runbooks),
            **env,
        }
        worlds: list[World] = []
        for guild_id in (GUILD_ID, OTHER_ID):
            await hold_digests(database_url, guild_id)
            human = await stack.enter_async_context(Human(sandbox.human, headers={_LOOKS_AT: guild_id}))
            worlds.append(World(sandbox, human, env=settings, folder=folder))
        worlds[1].bots = worlds[0].bots
        try:
            yield Guilds(*worlds)
        finally:
            await worlds[0].kill_bot()
            for world in worlds:
                world.connections.close()
    hold_against_the_description(sandbox.core)

"""Starts the demo: a local Discord, a seeded database, and the bot between them, each its own process."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg

from bot.demo import clock
from bot.demo.process import Child
from bot.demo.setup import Setup
from bot.demo.story.beginning import has_begun, is_past_written
from bot.demo.story.cast import Cast, DemoGuild, enter, set_up_webhooks
from bot.lean_imports import uncollected
from bot.runbook import Policy
from bot.storage.database.migrate import SEARCH_PATH
from local_discord.client import JSON, Human, NotSeen

if TYPE_CHECKING:
    from bot.demo.systems import ServedSystems

_START_S: Final = 30.0
_BOT: Final = "bot.demo.bot"
_IDLE_S: Final = 45.0
_LOOK_EVERY_S: Final = 0.03
_AS_EVER: Final = Setup()
#: Of the addresses that jobs and monitors call: the port is on loopback.
PORT_KEY: Final = "the-demo-keeps-no-secret"
_MANAGE_ROLES: Final = 1 << 28  # Discord: Permissions


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """The parts of a running demo, and its clock.

    Attributes:
        human_url: The local Discord's human side.
        connection: To the demo's database, with the bot's search_path.
        bot: The bot's process.
        setup: What it was set up with.
        is_new: The story has not begun: its alert is still to be raised.
        public_url: Where the bot answers calendar programs, monitors and jobs that report.
        settings: The bot's.
        folder: Where the programs work.
    """

    human: Human
    human_url: str
    dsn: str
    connection: asyncpg.Connection
    bot: Child
    setup: Setup
    is_new: bool = True
    public_url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()

    async def rest(self) -> None:
        """Wait until the bot has nothing to do.

        Raises:
            NotSeen: It goes on and on.
        """

        async def idle() -> bool:
            return not await clock.is_busy(self.connection)

        await self.until(idle, "the bot at rest", within_s=_IDLE_S)

    async def until(self, look: Callable[[], Awaitable[bool]], what: str, *, within_s: float) -> None:
        """Wait until *look* finds the database so. Much of it changes without a word to Discord.

        Raises:
            NotSeen: Naming *what* did not come in time.
        """
        deadline = time.monotonic() + within_s
        while not await look():
            if time.monotonic() > deadline:
                raise NotSeen(f"not seen within {within_s:g} s: {what}")
            await asyncio.sleep(_LOOK_EVERY_S)

    async def fast_forward(self, span: timedelta) -> None:
        """Move the time of the database and of the local Discord, once the bot has nothing to do."""
        await self.rest()
        await self.move(span)

    async def move(self, span: timedelta) -> None:
        """Move the time of the database and of the local Discord, which has to be safe at this moment."""
        await clock.move(self.connection, span)  # first: a kept demo brings Discord's time up to it, not back
        await self.human.advance_clock(span.total_seconds())
        await clock.wake(self.connection)


@asynccontextmanager
async def running_demo(
    dsn: str, *, folder: Path, setup: Setup = _AS_EVER, keeps: bool = False, leaps: bool = False
) -> AsyncIterator[RunningDemo]:
    """Start everything, wait until it is ready, end it all on leaving.

    Args:
        dsn: A migrated database of the demo's own.
        folder: Where the processes work.
        setup: Its language, policy and port; Parky's in Japanese if left out.
        keeps: The local Discord's state stays in *folder*, as the database does.
        leaps: The clock may leap over days, so the bot looks every second at what is due at an hour.

    Raises:
        ChildDied: One of them did not come up.
    """
    async with AsyncExitStack() as stack:
        connection = await asyncpg.connect(dsn, server_settings={"search_path": SEARCH_PATH})
        stack.push_async_callback(connection.close)
        state = await _state_file(folder, connection) if keeps else ()
        arguments = ("sandbox", "--json", "--port", str(setup.port), *state)
        discord = await Child.start("the local Discord", *arguments, env={}, folder=folder)
        stack.push_async_callback(discord.stop)
        _load_posts()  # while the local Discord starts, which takes as long
        address = json.loads(await discord.line_with('"human"', within_s=_START_S))
        human = await stack.enter_async_context(Human(address["human"]))
        await prepare(connection, human, setup)
        is_new = not await has_begun(connection)
        if keeps:
            await human.save()
        systems = None if setup.own_file else await stack.enter_async_context(await _systems(connection))
        public_url = f"http://127.0.0.1:{_free_port()}"
        settings = _settings(address, dsn) | _public(public_url) | _runbook(setup, folder, systems)
        leaping = ("leaps",) if leaps else ()
        bot = await Child.start("the bot", *leaping, env=settings, folder=folder, module=_BOT)
        stack.push_async_callback(bot.stop)
        await bot.wait_until_ready(within_s=_START_S)
        yield RunningDemo(
            human, address["human"], dsn, connection, bot, setup, is_new, public_url, settings, folder
        )


async def _state_file(folder: Path, connection: asyncpg.Connection) -> tuple[str, str]:
    """Return the local Discord's option for its file; without a past in the database it begins anew.

    A start that was broken off may have left it half a past, which cannot be written a second time.
    """
    file = (folder / "discord.json").absolute()
    if not await is_past_written(connection):
        file.unlink(missing_ok=True)
    return "--state", str(file)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _public(url: str) -> dict[str, str]:
    """Return the bot's settings for what it answers at *url*."""
    return {
        "HOOKS_PORT": url.rpartition(":")[2],
        "PUBLIC_URL": url,
        "HEARTBEATS_SECRET": PORT_KEY,
        "HOOKS_ALERTMANAGER_SECRET": PORT_KEY,
    }


def _settings(address: Mapping[str, str], dsn: str) -> dict[str, str]:
    """Return the bot's settings for the local Discord at *address*, as it prints it."""
    return {
        "DISCORD_TOKEN": address["token"],
        "DISCORD_GUILD_ID": address["guild_id"],
        "DISCORD_API_BASE": address["api_base"],
        "DATABASE_URL": dsn,
        "HEALTH_PORT": "0",
        "LOG_FORMAT": "json",
        "MESSAGE_CONTENT": "true",  # so that a monitor's recovery can be told from its alert
    }


def _runbook(setup: Setup, folder: Path, systems: "ServedSystems | None") -> dict[str, str]:
    """Return the bot's settings for its policy, which is written into *folder*, and for what that names."""
    file = folder / "demo-policy.toml"
    file.write_text(setup.runbook + ("" if systems is None else systems.tables), encoding="utf-8")
    return {"RUNBOOK_FILE": str(file.absolute()), **({} if systems is None else systems.settings)}


async def _systems(connection: asyncpg.Connection) -> "AbstractAsyncContextManager[ServedSystems]":
    """Return the systems of the story's team, which were deployed shortly before now."""
    from bot.demo.systems import running_systems  # noqa: PLC0415 -- as for the posts

    return running_systems(await connection.fetchval("SELECT now()"))


def _load_posts() -> None:
    with uncollected():
        import bot.demo.story.seed  # noqa: PLC0415 -- for later, both
        import bot.demo.systems  # noqa: F401, PLC0415


async def prepare(connection: asyncpg.Connection, human: Human, setup: Setup) -> bool:
    """Put people and a past into the local Discord and the database; return True if the past is new."""
    from bot.demo.story.seed import seed  # noqa: PLC0415 -- what composes posts takes long to import

    policy = setup.policy
    await human.change("application", message_content=True)
    people = await enter(human, setup.language, given=policy.given_roles)
    await _furnish(human, policy)
    await clock.install(connection)
    # A kept database may have been left at a later time than the local Discord's.
    ahead_s = (await clock.shift(connection)).total_seconds() - (await human.state())["clock_shift_s"]
    if ahead_s > 0:
        await human.advance_clock(ahead_s)
    state = await human.state()
    channels = {channel["name"]: int(channel["id"]) for channel in state["channels"]}
    guild = DemoGuild(
        id=int(state["guild"]["id"]),
        bot_id=int(state["application"]["id"]),
        channels=channels,
        cast=Cast.at(people, policy, now=await connection.fetchval("SELECT now()")),
        webhooks=await set_up_webhooks(human, policy, channels),
    )
    return await seed(connection, human, policy=policy, guild=guild, is_storys=not setup.own_file)


async def _furnish(human: Human, policy: Policy) -> None:
    """Add the channels and the people that the policy names and Parky's does not."""
    state = await human.state()
    if policy.given_roles:
        await _let_manage_roles(human, state)
    channels = {channel["name"] for channel in state["channels"]}
    for name in policy.channels():
        if name not in channels:
            await human.add("channel", channel=name)
    there = {member["name"] for member in state["members"]}
    for handle in policy.team:
        if handle not in there and not handle.isdecimal():
            await human.add("member", user=handle, roles=["on-call", "responder"])


async def _let_manage_roles(human: Human, state: JSON) -> None:
    """Let the bot give roles, as its invitation asks where the policy names one."""
    bot_id = state["application"]["id"]
    own = next(role for role in state["roles"] if role.get("tags", {}).get("bot_id") == bot_id)
    await human.change("role", role=own["id"], permissions=str(int(own["permissions"]) | _MANAGE_ROLES))

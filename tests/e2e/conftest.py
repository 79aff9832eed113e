"""Fixtures of the stories: a world for each, checked when the story ends."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
import pytest_asyncio

from tests.e2e.world.opening import open_world, registered_commands
from tests.e2e.world.world import World

Commands: TypeAlias = dict[str, Any]
MakeWorld: TypeAlias = Callable[..., AbstractAsyncContextManager[World]]

#: A story waits for Discord's limits as a bot does, for a fifth of the time.
LIMITS_SPEED: Final = 5.0

#: The least that a bot may have: each costs the server a process, and both the statements it learns.
FEWEST_CONNECTIONS: Final = "7"

_WORLDS = pytest.StashKey[list[World]]()
_FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """The bot's slash commands as Discord keeps them, registered once by `sync-commands`."""
    return asyncio.run(registered_commands(tmp_path_factory.mktemp("commands")))


@pytest.fixture
def make_world(
    request: pytest.FixtureRequest, commands: Commands, database_url: str, tmp_path: Path
) -> MakeWorld:
    """Return a context manager that opens a world without a bot; `env` adds settings. Checked at its end."""

    @asynccontextmanager
    async def make(*, database: str = database_url, module: str = "bot", **env: str) -> AsyncIterator[World]:
        registered = copy.deepcopy(commands)
        env = {"DATABASE_CONNECTIONS": FEWEST_CONNECTIONS, **env}
        async with open_world(
            database,
            commands=registered,
            folder=tmp_path,
            module=module,
            limits_speed=LIMITS_SPEED,
            **env,
        ) as world:
            request.node.stash.setdefault(_WORLDS, []).append(world)
            yield world
            if not request.node.stash.get(_FAILED, False):
                await _check(world)

    return make


@pytest_asyncio.fixture
async def world(make_world: MakeWorld) -> AsyncIterator[World]:
    """A world with a bot that is ready."""
    async with make_world() as made:
        await made.start_bot()
        yield made


@pytest_asyncio.fixture
async def leaping(make_world: MakeWorld) -> AsyncIterator[World]:
    """A world whose bot looks every second at what it otherwise looks at now and then."""
    async with make_world(module="tests.e2e.world.leaping_bot") as made:
        await made.start_bot()
        yield made


async def _check(world: World) -> None:
    """Check that the bot posted and logged nothing unexpected."""
    await world.human.clear_faults()
    await world.expect_nothing_more()
    await world.stop_bot()
    assert world.complaints() == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the last log lines of the bots to a failed story's report."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
        for world in item.stash.get(_WORLDS, []):
            for number, bot in enumerate(world.bots, start=1):
                report.sections.append((f"bot {number}", bot.child.last_words(60)))
    return report


@pytest_asyncio.fixture
async def reading(make_world: MakeWorld) -> AsyncIterator[World]:
    """A world whose bot may read other people's messages."""
    async with make_world(MESSAGE_CONTENT="true") as made:
        await made.human.change("application", message_content=True)
        await made.start_bot()
        yield made

"""A real browser for the page of the local Discord; without one its tests skip, with CI=true they fail."""

import copy
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from bot.runbook import default_policy_text
from local_discord.server import LocalDiscord
from local_discord.tests.client import Client
from local_discord.tests.openapi.watch import watched
from tests.browser.pictures.pictures import Album
from tests.browser.visitor.puppet import Puppet
from tests.browser.visitor.visitor import CHROMIUM, FLAGS, Look, Pages, Visitor
from tests.e2e.conftest import LIMITS_SPEED, Commands, commands
from tests.e2e.world.opening import open_world
from tests.e2e.world.world import World

__all__ = ["commands", "watched"]

INSTALL = "bash .ci/browser"
Visit: TypeAlias = Callable[..., AbstractAsyncContextManager[Visitor]]
WorldIn: TypeAlias = Callable[[str], AbstractAsyncContextManager[World]]


def first_there(*paths: str) -> str:
    """The first of *paths* that exists; without one the test is skipped, and in CI it fails."""
    for path in paths:
        if Path(path).exists():
            return path
    text = f"no {paths[0]}: {INSTALL}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pages() -> AsyncIterator[Pages]:
    """Debian's Chromium, or Playwright's, started once: whoever uses it runs on the session's event loop."""
    async with async_playwright() as playwright:
        path = first_there(*CHROMIUM, playwright.chromium.executable_path)
        launched = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield Pages(launched)
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox() -> AsyncIterator[LocalDiscord]:
    """A local Discord without a bot and without rate limits."""
    async with LocalDiscord() as running:
        running.core.limiter.enabled = False
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def puppet(sandbox: LocalDiscord) -> AsyncIterator[Puppet]:
    """A bot that does what the test says."""
    async with aiohttp.ClientSession() as http:
        yield Puppet(Client(sandbox, http))


@pytest.fixture
def visitor_of(pages: Pages) -> Callable[[LocalDiscord], Visit]:
    """Gives the opener of a sandbox's page; what it takes are the fields of `Look`."""

    def of(running: LocalDiscord) -> Visit:
        return lambda **look: pages.visit(running.core.origin, Look(**look))

    return of


@pytest.fixture
def open_page(visitor_of: Callable[[LocalDiscord], Visit], sandbox: LocalDiscord) -> Visit:
    """Opens the page of the sandbox without a bot."""
    return visitor_of(sandbox)


@pytest.fixture
def world_in(commands: Commands, database_url: str, tmp_path: Path) -> WorldIn:
    """Opens a local Discord, a database, and the real bot as its own process, posting in a language."""

    @asynccontextmanager
    async def opened(language: str) -> AsyncIterator[World]:
        policy = tmp_path / "policy.toml"
        text = default_policy_text().replace('language = "ja"', f'language = "{language}"')
        policy.write_text(text, encoding="utf-8")
        registered = copy.deepcopy(commands)
        env: dict[str, Any] = {"RUNBOOK_FILE": str(policy)}
        async with open_world(
            database_url, commands=registered, folder=tmp_path, limits_speed=LIMITS_SPEED, **env
        ) as made:
            await made.start_bot()
            yield made
            assert made.complaints() == []

    return opened


@pytest_asyncio.fixture(loop_scope="session")
async def world(world_in: WorldIn) -> AsyncIterator[World]:
    """The same, in Japanese."""
    async with world_in("ja") as made:
        yield made


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Keeps the pictures."""
    return Album.of(tmp_path)


@pytest.fixture
def page_at(pages: Pages) -> Callable[[str], Visit]:
    """Opens a page by its address."""
    return lambda url: lambda **look: pages.visit(url, Look(**look))


@asynccontextmanager
async def restarted(sandbox: LocalDiscord) -> AsyncIterator[LocalDiscord]:
    """The same local Discord, with all it knows, at the same port once more."""
    port = int(sandbox.core.origin.rpartition(":")[2])
    async with LocalDiscord(port=port, core=sandbox.core) as again:
        yield again

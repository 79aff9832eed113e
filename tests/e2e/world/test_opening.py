"""Show that all traffic of a world is checked against Discord's description, however the world is opened."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest

from bot.runbook import default_policy_text
from local_discord.tests.client import Client
from local_discord.tests.openapi.oracle import require_description
from local_discord.world.seed import GUILD_ID
from tests.e2e.guilds.two_guilds import Guilds, two_guilds
from tests.e2e.world.opening import open_world
from tests.e2e.world.world import World

Opened: TypeAlias = AbstractAsyncContextManager[World | Guilds]


def one(database_url: str, folder: Path) -> Opened:
    """As stories, fault rows and random lives do."""
    return open_world(database_url, commands={}, folder=folder)


def two(database_url: str, folder: Path) -> Opened:
    """As the stories of many guilds do."""
    policies = {"home.toml": f'guild = "{GUILD_ID}"\n{default_policy_text()}'}
    return two_guilds(database_url, policies=policies, folder=folder)


async def say_wrongly(opened: Opened) -> None:
    """A visit in which Discord is asked for what it does not have."""
    async with opened as made, aiohttp.ClientSession() as http:
        world = made.home if isinstance(made, Guilds) else made
        await Client(world.sandbox, http).api("POST /users/@me/channels", {"recipient_id": "x"})


@pytest.mark.parametrize("opened", [one, two])
async def test_worlds_are_held_against_the_description(
    opened: Callable[[str, Path], Opened], database_url: str, tmp_path: Path
) -> None:
    """A request that is not as described fails the story that made it, when its world is left."""
    require_description()
    with pytest.raises(AssertionError, match="recipient_id"):
        await say_wrongly(opened(database_url, tmp_path))

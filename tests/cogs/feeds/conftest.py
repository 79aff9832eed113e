"""Provide a desk and a connected bot whose policy has `[feeds]`, with a public address."""

from dataclasses import replace

import pytest
import pytest_asyncio

from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from tests.integration.cogs.console_world import ConsoleWorld
from tests.services.database import Database
from tests.services.desk import PUBLIC, Desk


def policy_with_feeds() -> Policy:
    """Parky's policy with the table."""
    policy = parse_policy(f"{default_policy_text()}\n[feeds]\n", name="policy.toml")
    return replace(policy, guild_id=None)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database) -> Desk:
    """The use cases of a guild."""
    made = Desk(database, policy_with_feeds())
    made.opened["feeds"] = PUBLIC
    made.use(made.discord)
    return made


@pytest.fixture
async def world(world: ConsoleWorld) -> ConsoleWorld:
    """The bot."""
    world.opened["feeds"] = PUBLIC
    world.policy = policy_with_feeds()
    await world.restart()
    return world

"""Provide a desk and a connected bot whose policy has `[hours]`."""

from dataclasses import replace

import pytest
import pytest_asyncio

from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from tests.integration.cogs.console_world import ConsoleWorld
from tests.services.database import Database
from tests.services.desk import Desk


def policy_with_hours(table: str = "[hours]") -> Policy:
    """Parky's policy with the table."""
    policy = parse_policy(f"{default_policy_text()}\n{table}\n", name="policy.toml")
    return replace(policy, guild_id=None)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database) -> Desk:
    """The use cases of a guild."""
    return Desk(database, policy_with_hours())


@pytest.fixture
async def world(world: ConsoleWorld) -> ConsoleWorld:
    """The bot."""
    world.policy = policy_with_hours()
    await world.restart()
    return world

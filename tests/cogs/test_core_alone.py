"""The core without a capability: each folder may be absent, or switched off by the policy."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.capability import capability_names
from bot.runbook import default_policy_text, parse_policy
from bot.storage.embedded import EmbeddedPostgres
from tests.cogs.absent import tree_without
from tests.cogs.core_story import play
from tests.postgres import STANDING_TEMPLATE, temporary_database
from tests.services.database import Database
from tests.services.desk import Desk


@pytest.mark.parametrize("name", capability_names())
async def test_the_core_goes_on_without_the_folder(
    name: str, cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    """An incident is raised, escalated, acknowledged and resolved while the folder is absent."""
    root = tree_without(tmp_path, [name])
    async with temporary_database(cluster, template=STANDING_TEMPLATE) as dsn:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.cogs.core_story", dsn, name),
            cwd=root,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()[-3_000:]


@pytest.mark.parametrize("name", capability_names())
async def test_the_core_goes_on_with_it_switched_off(name: str, database: Database) -> None:
    """The same story in a guild whose policy switches it off; its table may stay in the file."""
    text = f'{default_policy_text()}\n[capabilities]\noff = ["{name}"]\n'
    policy = replace(parse_policy(text, name="policy.toml"), guild_id=None)
    await play(Desk(database, policy), off=[name])

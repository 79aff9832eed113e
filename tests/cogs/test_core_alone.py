"""The core without a capability: each folder may be absent, or switched off by the policy."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.capability import capability_names
from bot.runbook import default_policy_text, parse_policy
from bot.storage.embedded import EmbeddedPostgres
from tests.cogs.absent import ROOT, tree_without
from tests.cogs.core_story import play
from tests.postgres import STANDING_TEMPLATE, temporary_database
from tests.services.database import Database
from tests.services.desk import Desk


@pytest.fixture(scope="module")
def player() -> Iterator[subprocess.Popen[str]]:
    """Start the program that plays the story in trees; what it complains about is in a failure's report."""
    command = [sys.executable, "-m", "tests.cogs.core_story"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("name", capability_names())
async def test_the_core_goes_on_without_the_folder(
    name: str, cluster: EmbeddedPostgres, tmp_path: Path, player: subprocess.Popen[str]
) -> None:
    """An incident is raised, escalated, acknowledged and resolved while the folder is absent."""
    root = tree_without(tmp_path, [name])
    assert player.stdin is not None
    assert player.stdout is not None
    async with temporary_database(cluster, template=STANDING_TEMPLATE) as dsn:
        print(json.dumps([str(root), dsn, name]), file=player.stdin, flush=True)
        assert (await asyncio.to_thread(player.stdout.readline)).strip() == "0"


@pytest.mark.parametrize("name", capability_names())
async def test_the_core_goes_on_with_it_switched_off(name: str, database: Database) -> None:
    """The same story in a guild whose policy switches it off; its table may stay in the file."""
    text = f'{default_policy_text()}\n[capabilities]\noff = ["{name}"]\n'
    policy = replace(parse_policy(text, name="policy.toml"), guild_id=None)
    await play(Desk(database, policy), off=[name])

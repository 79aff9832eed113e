"""The world of the first minutes: a bot with phones, an address that fails, and a deployment before it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.e2e.conftest import MakeWorld
from tests.e2e.world.world import World
from tests.standins.github.deployments import Deployed
from tests.standins.github.server import TOKEN, running_github
from tests.standins.github.state import now_in_seconds
from tests.standins.paging.policy import policy_with_pages
from tests.standins.paging.server import Outside, fails, outside_systems

HOOK_SECRET: Final = "a-secret-of-alertmanager"
BEARER: Final = "a-bearer-token"
ALERT: Final = {"alertname": "HighErrorRate", "service": "api.parky.co.jp", "severity": "critical"}


@asynccontextmanager
async def connected(
    make_world: MakeWorld, folder: Path, *, language: str = "ja"
) -> AsyncIterator[tuple[World, Outside]]:
    """A bot that is started in it, posting in *language*; the deployment was 12 minutes ago."""
    async with outside_systems() as outside, running_github() as github:
        at = now_in_seconds() - timedelta(minutes=12, seconds=20)
        github.deployments = [Deployed(1, at=at, states=["success"])]
        outside.fault = fails(503, "/health")
        settings = {
            **outside.environment,
            "RUNBOOK_FILE": policy(folder, f"{outside.url}/health", github.repository.full_name, language),
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": github.repository.full_name,
            "GITHUB_API_URL": github.url,
            "OUTBOUND_PRIVATE_HOSTS": "127.0.0.1",
            "HOOKS_PORT": "0",
            "HOOKS_ALERTMANAGER_SECRET": HOOK_SECRET,
            "HOOKS_ALERTMANAGER_SIGNING_KEY": BEARER,
        }
        async with make_world(**settings) as world:
            await world.start_bot()
            yield world, outside


def policy(folder: Path, health: str, repository: str, language: str) -> str:
    """Write Parky's policy with pages outside, an address and a repository to check; the file's path."""
    path = Path(policy_with_pages(folder))
    checks = f"""
[checks.http."api.parky.co.jp"]
url = "{health}"

[checks.github]
repositories = ["{repository}"]
branch = "main"
"""
    text = path.read_text(encoding="utf-8").replace('language = "ja"', f'language = "{language}"')
    path.write_text(text + checks, encoding="utf-8")
    return str(path)


def hook(world: World) -> str:
    """The address that Alertmanager calls."""
    entries = world.bot.entries()
    port = next(entry["port"] for entry in entries if entry["event"] == "hooks.listening")
    return f"http://127.0.0.1:{port}/hooks/alertmanager/{HOOK_SECRET}"

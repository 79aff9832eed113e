"""Which repository a guild exports to, and that a bot without a token loads nothing for it."""

import subprocess
import sys
from dataclasses import replace

import pytest

from bot.configured import open_code_hosts
from bot.runbook import load_policy
from bot.settings import Settings, load_settings

POLICY = load_policy(None)
OWN = replace(POLICY, github=replace(POLICY.github, repository="parky/docs"))


def settings(monkeypatch: pytest.MonkeyPatch, **env: str) -> Settings:
    """The settings of an environment."""
    for key in ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(key, raising=False)
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    return load_settings(env_file=None)


async def test_a_policy_may_name_its_own_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others share that of the settings; without either there is none."""
    token = "github_pat_11AAAAAAA0local-tests-only"
    async with open_code_hosts(
        settings(monkeypatch, GITHUB_TOKEN=token, GITHUB_REPOSITORY="parky/ops")
    ) as hosts:
        found = [
            host.repository for policy in (POLICY, OWN) if (host := hosts.repository(policy)) is not None
        ]
        assert found == ["parky/ops", "parky/docs"]
    async with open_code_hosts(settings(monkeypatch, GITHUB_TOKEN=token)) as hosts:
        assert hosts.repository(POLICY) is None
        assert hosts.repository(OWN) is not None


async def test_without_a_token_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's own runners set GITHUB_REPOSITORY for every program: that alone means nothing."""
    async with open_code_hosts(settings(monkeypatch, GITHUB_REPOSITORY="parky/ops")) as hosts:
        assert hosts.repository(OWN) is None


LOADS = """
import asyncio, os, sys, bot.app
from bot.configured import open_code_hosts
from bot.settings import load_settings

async def open_hosts():
    async with open_code_hosts(load_settings(env_file=None)):
        print(sorted({"httpx", "bot.integrations.github"} & sys.modules.keys()))

for token in ("", "github_pat_11AAAAAAA0local-tests-only"):
    os.environ["GITHUB_TOKEN"] = token
    asyncio.run(open_hosts())
"""


def test_a_bot_without_a_token_loads_no_client() -> None:
    """Only with a token does the bot load the GitHub client and httpx, which take three megabytes."""
    said = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["[]", "['bot.integrations.github', 'httpx']"]

"""Which repository a guild exports to, and that a bot without a token loads nothing for it."""

import subprocess
import sys
from dataclasses import replace

import pytest

from bot.configured.code_hosts import open_code_hosts
from bot.domain.hooks.hook import Webhook
from bot.integrations.github.deliveries import GitHubDeliveries
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


async def test_the_record_of_a_webhook_is_that_of_the_repository_that_its_table_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hook's deliveries are read from the repository that its table names, or else from GITHUB_REPOSITORY.

    A hook without a webhook id has no deliveries to read.
    """
    token, rules = "github_pat_11AAAAAAA0local-tests-only", POLICY.hooks["github"]
    usual, own = replace(rules, sent_by=Webhook(1)), replace(rules, sent_by=Webhook(2, "parky/app"))
    hooks = {**POLICY.hooks, "github": usual, "app": own}
    async with open_code_hosts(
        settings(monkeypatch, GITHUB_TOKEN=token, GITHUB_REPOSITORY="parky/ops")
    ) as hosts:
        assert hosts.deliveries(POLICY) == {}
        found = hosts.deliveries(replace(POLICY, hooks=hooks))
    assert isinstance(found["github"], GitHubDeliveries)
    assert isinstance(found["app"], GitHubDeliveries)
    assert (found["github"].repository, found["github"].webhook) == ("parky/ops", 1)
    assert (found["app"].repository, found["app"].webhook) == ("parky/app", 2)


async def test_without_a_token_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's own runners set GITHUB_REPOSITORY for every program: that alone means nothing."""
    async with open_code_hosts(settings(monkeypatch, GITHUB_REPOSITORY="parky/ops")) as hosts:
        assert hosts.repository(OWN) is None


LOADS = """
import asyncio, os, sys, bot.app
from bot.configured.code_hosts import open_code_hosts
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

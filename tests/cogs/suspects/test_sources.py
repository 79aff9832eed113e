"""The sources of changes as the settings make them: which there are, and where their modules are imported."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.configured import outbound_of
from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.runbook import default_policy_text, parse_policy
from bot.settings import Settings, load_settings
from cogs.suspects.sources import ChangeSources

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DEPLOYS = '[hooks.my-deploys]\nformat = "json"\nseverity = "SEV3"\nreports = "deployments"\n'


def settings(monkeypatch: pytest.MonkeyPatch, **env: str) -> Settings:
    """The settings of an environment."""
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    return load_settings(env_file=None)


async def test_the_loop_does_not_wait_for_an_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """The HTTP client is made in a thread: it takes a quarter of a second, which no P0 waits for."""
    threads = set[threading.Thread]()

    def outbound() -> Any:
        threads.add(threading.current_thread())
        raise OutboundFailed(OutboundProblem.REFUSED, "not made")

    policy = parse_policy(
        f'{default_policy_text()}\n[checks.cloudflare]\nworkers = ["api"]\npages = ["lp"]\n', name="own.toml"
    )
    configured = settings(
        monkeypatch,
        GITHUB_TOKEN="github_pat_11AAAAAAA0local-tests-only",
        GITHUB_REPOSITORY="parky/ops",
        CLOUDFLARE_TOKEN="local-tests-only",
        CLOUDFLARE_ACCOUNT_ID="0123456789abcdef0123456789abcdef",
    )
    sources = ChangeSources(configured, outbound).named_in(policy)
    assert len(sources) == 4
    for source in sources:
        with pytest.raises(OutboundFailed):
            await source.read(NOW, NOW)
    assert threads
    assert threading.current_thread() not in threads


def test_one_client_is_made_however_many_threads_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that ask at the same time share one HTTP client, because its breakers count by host."""
    outbound, found, gate = outbound_of(settings(monkeypatch)), [], threading.Barrier(4)

    def ask() -> None:
        gate.wait()
        found.append(outbound())

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(found) == 4
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    ("source", "reports"), [("", False), ("SENTRY", False), ("GITHUB", True), ("MY_DEPLOYS", True)]
)
def test_a_source_of_hooks_counts_once_it_may_send(
    monkeypatch: pytest.MonkeyPatch, source: str, reports: bool
) -> None:
    """Parky's policy has a table for GitHub whether it has a secret or not."""
    policy = parse_policy(default_policy_text() + DEPLOYS, name="own.toml")
    env = {f"HOOKS_{source}_SECRET": "s" * 32} if source else {}
    configured = settings(monkeypatch, **env)
    assert ChangeSources(configured, outbound_of(configured)).are_reported(policy) is reports

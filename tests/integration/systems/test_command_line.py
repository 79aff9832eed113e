"""`incident-bot check` as a process: the policy file, the settings, every system, the exit code."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.runbook import default_policy_text
from local_discord.world.seed import GUILD_ID
from tests.integration.cli.command_line import Outcome, incident_bot
from tests.integration.outbound.upstream import in_turn, says, upstream
from tests.standins.cloudflare.server import ACCOUNT, running_cloudflare
from tests.standins.cloudflare.server import TOKEN as CLOUDFLARE_TOKEN
from tests.standins.github.actions import Run
from tests.standins.github.server import TOKEN as GITHUB_TOKEN
from tests.standins.github.server import running_github
from tests.standins.sentry.server import ORGANIZATION, running_sentry
from tests.standins.sentry.server import TOKEN as SENTRY_TOKEN

_CALM = b'{"status": {"indicator": "none", "description": "All Systems Operational"}, "incidents": []}'


@dataclass
class World:
    """Every system, and the environment that names them."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    async def check(self, *arguments: str, **env: str) -> Outcome:
        return await incident_bot("check", *arguments, folder=self.folder, **(self.env | env))


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    """Nine systems; admin.parky.co.jp is down."""
    async with AsyncExitStack() as stack:
        github = await stack.enter_async_context(running_github())
        github.runs = [Run(1, "deploy")]
        cloudflare = await stack.enter_async_context(running_cloudflare())
        cloudflare.deploy_worker("parky-admin", at="2026-11-28T09:00:00Z")
        cloudflare.deploy_pages("lp", at="2026-11-28T09:00:00Z")
        sentry = await stack.enter_async_context(running_sentry())
        status = await stack.enter_async_context(upstream(says(200, _CALM)))
        api = await stack.enter_async_context(upstream(says(200)))
        admin = await stack.enter_async_context(upstream(in_turn(says(503))))
        table = f"""
[checks.http."api.parky.co.jp"]
url = "http://127.0.0.1:{api.port}/health?key=hunter2"
[checks.http."admin.parky.co.jp"]
url = "http://127.0.0.1:{admin.port}/health"
private = true
[checks.github]
repositories = ["{github.repository.full_name}"]
[checks.cloudflare]
workers = ["parky-admin"]
pages = ["lp"]
[checks.sentry]
organization = "{ORGANIZATION}"
"""
        policy = tmp_path / "policy.toml"
        policy.write_text(default_policy_text() + table, encoding="utf-8")
        env = {
            "DISCORD_GUILD_ID": GUILD_ID,
            "DATABASE_URL": database_url,
            "RUNBOOK_FILE": str(policy),
            "GITHUB_TOKEN": GITHUB_TOKEN,
            "GITHUB_API_URL": github.url,
            "CLOUDFLARE_TOKEN": CLOUDFLARE_TOKEN,
            "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
            "CLOUDFLARE_API_URL": cloudflare.url,
            "SENTRY_TOKEN": SENTRY_TOKEN,
            "SENTRY_URL": sentry.url,
            "DISCORD_STATUS_URL": f"http://127.0.0.1:{status.port}",
            "OUTBOUND_PRIVATE_HOSTS": "127.0.0.1",
            "LANG": "en_US.UTF-8",
        }
        yield World(tmp_path, env)


async def test_every_system_has_a_line_the_worst_first_and_one_that_is_down_exits_with_1(
    world: World,
) -> None:
    """Every system has a line, the worst first with its link, and one that is down makes the exit code 1.

    The key in an address is not shown.
    """
    found = await world.check()
    lines = found.out.splitlines()
    assert found.code == 1, found
    assert lines[0].startswith("⛔ admin.parky.co.jp: HTTP 503 (expected 200)  http://127.0.0.1:")
    healthy = [
        "✅ api.parky.co.jp: 200, ",
        "✅ Workers parky-admin: last deployed 11/28 18:00 JST",
        "✅ Pages lp: last deployed 11/28 18:00 JST",
        "✅ GitHub Actions ",
        "✅ Database: ",
        "✅ Sentry parky: no new issues in 15 min",
        "✅ Discord: no incident announced",
        "✅ DLQ: nothing undelivered in the last hour",
    ]
    assert [line.startswith(begin) for line, begin in zip(lines[1:], healthy, strict=True)] == [True] * 8
    assert "hunter2" not in found.out + found.err


async def test_one_target_alone_is_asked_and_tokens_that_are_not_set_are_named(world: World) -> None:
    """One named target alone is asked, and systems that are not set up are named as such.

    The latter is no error; an unknown target is one, with exit code 2.
    """
    none = {"CLOUDFLARE_TOKEN": "", "SENTRY_TOKEN": "", "GITHUB_TOKEN": ""}
    found = await world.check("api.parky.co.jp", "--lang", "ja", **none)
    assert found.code == 0, found
    assert "admin.parky.co.jp" not in found.out
    assert found.out.splitlines()[-1] == "未設定：Workers、Pages、GitHub Actions、Sentry"
    wrong = await world.check("api", **none)
    assert wrong.code == 2
    assert wrong.errors == [
        "TARGET: api has no [checks.http] in the policy; allowed: api.parky.co.jp, admin.parky.co.jp"
    ]


async def test_tokens_that_are_refused_are_unknown_and_shown_nowhere(world: World) -> None:
    """A refused token makes its system unknown, and the line names the reason without showing the token."""
    found = await world.check(SENTRY_TOKEN="sntryu_another.one/with=signs", CLOUDFLARE_TOKEN="v1-another-one")
    assert "❓ Sentry parky: the token is not accepted (401)" in found.out
    assert "❓ Pages lp: the token lacks permission (403)" in found.out
    assert "another" not in found.out + found.err

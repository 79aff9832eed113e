"""A workflow of the default branch fails while the bot is away: it is tracked once the bot is back, once."""

from datetime import timedelta
from pathlib import Path

from bot.runbook import default_policy_text
from tests.corpus.hook_requests import examples
from tests.e2e.conftest import MakeWorld
from tests.standins.github.server import TOKEN, running_github
from tests.standins.github.state import now_in_seconds

RUNS = {one.name: one.body for one in examples()}


async def test_what_github_could_not_deliver_is_fetched_at_the_start(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """A delivery that GitHub could not make is fetched at the bot's start, and is processed once."""
    async with running_github() as github:
        webhook = github.webhook
        table = f'[hooks.github]\nwebhook = {webhook.number}\nrepository = "{github.repository.full_name}"\n'
        policy = tmp_path / "policy.toml"
        policy.write_text(default_policy_text().replace("[hooks.github]\n", table), encoding="utf-8")
        at = now_in_seconds() - timedelta(minutes=10)
        webhook.sent("workflow_run", RUNS["github/workflow_run_failure"], status=502, at=at)
        settings = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url, "RUNBOOK_FILE": str(policy)}
        async with make_world(OUTBOUND_PRIVATE_HOSTS="127.0.0.1", **settings) as world:
            await world.start_bot()
            post = await world.expect_message("p2-deploys", contains="ALERT-1")
            assert "test failed on master" in post.content
            webhook.sent("workflow_run", RUNS["github/workflow_run_success"], status=502, at=now_in_seconds())
            await world.restart_bot()
            await world.expect_text(await world.reread(post), "🟢 SEV3")
            rows = await world.rows("SELECT events, problem FROM hooks ORDER BY id")
        assert [tuple(row) for row in rows] == [(1, None), (1, None)]

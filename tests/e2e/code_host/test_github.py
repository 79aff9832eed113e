"""What follows an incident, on GitHub: the issue of an action item, the pull request of a postmortem."""

from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest_asyncio

from cogs.actions.screens import DUE, OWNER, VERIFICATION, WHAT
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1, SEV3, Severity
from tests.e2e.world.world import World
from tests.standins.github.faults import Fault
from tests.standins.github.server import TOKEN, GitHub, running_github
from tests.standins.github.state import MAINTAINER

TITLE: Final = "決済 API が 5xx"
ITEM: Final = {
    WHAT: "リトライ上限を 3 回にする",
    OWNER: ["secondary"],
    DUE: "in 5 business days",
    VERIFICATION: "負荷試験で 5xx が 0.1% 未満のまま 30 分",
}


@pytest_asyncio.fixture
async def github() -> AsyncIterator[GitHub]:
    """A GitHub; what is said to it and by it must be as GitHub describes."""
    async with running_github() as made:
        yield made


@pytest_asyncio.fixture
async def world(github: GitHub, make_world: MakeWorld) -> AsyncIterator[World]:
    """A world whose bot exports to it."""
    name = github.repository.full_name
    env = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": name, "GITHUB_API_URL": github.url}
    env["OUTBOUND_PRIVATE_HOSTS"] = "127.0.0.1"
    async with make_world(**env) as made:
        await made.start_bot()
        yield made


async def resolved(world: World, severity: Severity) -> Alert:
    """An incident that is over."""
    alert = await world.declare(severity, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    form = await world.command("incident resolve", channel=alert.thread, by="primary")
    await world.human.submit("primary", form, {})
    await world.expect_message(alert.thread, contains="INC-1 解決")
    return alert


async def until(world: World, is_so: Callable[[], object], what: str) -> None:
    """Wait for GitHub to have something."""

    async def look() -> bool | None:
        return True if is_so() else None

    await world.human.until(look, what)


async def test_an_item_and_its_issue_follow_each_other_over_a_kill(world: World, github: GitHub) -> None:
    """Closed there while the bot is dead, it is done here once; opened again here, it is open there."""
    issues = github.repository.issues
    alert = await resolved(world, SEV3)
    form = await world.command("action add", channel=alert.thread)
    await world.human.submit("responder", form, ITEM)
    await world.expect_message(alert.thread, contains="**AI-1** リトライ上限を 3 回にする")
    await world.expect_dm("secondary", contains="あなたに任せました")
    await until(world, lambda: issues, "the issue")
    (issue,) = issues.values()
    assert issue.title == "リトライ上限を 3 回にする"
    await world.settle()

    await world.kill_bot()
    github.repository.close_issue(issue.number)
    await world.shift(minutes=2)
    await world.start_bot()
    told = await world.expect_message(alert.thread, contains="**AI-1 完了**")
    assert MAINTAINER in told.text
    writes = [one for one in github.asked if not one.startswith("GET")]
    assert writes == ["POST /issues"]

    await world.command("action reopen", item="AI-1", reason="まだ再発する", by="secondary")
    await world.expect_message(alert.thread, contains="まだ再発する")
    await until(world, lambda: issue.state == "open", "the issue to be open again")
    await world.fast_forward(minutes=10)
    await world.expect_nothing_more()
    assert len(issues) == 1


async def test_a_postmortem_is_a_pull_request_until_it_is_merged(world: World, github: GitHub) -> None:
    """Resolved while GitHub is away, with the bot killed meanwhile: one pull request, merged once."""
    pulls = github.repository.pulls
    github.fault(Fault.AWAY)
    alert = await resolved(world, SEV1)
    await world.expect_message(alert.thread, contains="直前の変更")
    await world.expect_message(alert.thread, contains="postmortem")
    await until(world, lambda: github.asked, "a request")
    await world.die_and_return()
    github.heal()
    await world.fast_forward(minutes=2)
    line = await world.expect_message(alert.thread, contains="pull request")
    (pull,) = pulls.values()
    assert pull.head == "postmortem/inc-1"
    assert f"/parky/ops/pull/{pull.number}" in line.text
    path, picture = sorted(github.repository.commits[pull.head_sha].files.keys() - {"README.md"})
    assert path.endswith("-決済-api-が-5xx.md")
    assert picture == "docs/ops/postmortems/INC-1-timeline.png"
    assert TITLE in github.repository.text(pull.head, path)

    github.repository.edit_file(pull.head, path, "# 人が書いた postmortem\n")
    await world.command("incident note", channel=alert.thread, text="接続プールの枯渇", by="primary")
    await world.expect_message(alert.thread, contains="接続プールの枯渇")
    await world.command("postmortem draft", channel=alert.thread, by="primary")
    kept = await world.expect_message(alert.thread, contains="bot は上書きしません")
    assert path in kept.text
    assert github.repository.text(pull.head, path) == "# 人が書いた postmortem\n"
    shown = await world.command("postmortem show", channel=alert.thread, by="primary")
    assert f"レビュー中 · <https://github.example/parky/ops/pull/{pull.number}>" in shown.text
    assert "上書きしません" in shown.text

    github.repository.merge(pull.number)
    await world.fast_forward(minutes=5)
    told = await world.expect_message(alert.thread, contains="postmortem は済みました")
    assert f"/pull/{pull.number}" in told.text
    await world.expect_text(alert.post, f"📝 postmortem：済 · @{MAINTAINER}")
    await world.fast_forward(days=1)
    await world.expect_nothing_more()
    assert len(pulls) == 1

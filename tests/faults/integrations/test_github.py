"""Rows 75 and 76: the bot dies between a change on GitHub and its record; GitHub does not answer."""

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import pytest
import pytest_asyncio

from cogs.actions.screens import DUE, OWNER, VERIFICATION, WHAT
from tests.e2e.world.alert import Alert
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage
from tests.standins.github.faults import Fault
from tests.standins.github.server import TOKEN, GitHub, running_github

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-github")]

_PROMPT_S = 5.0

#: After each change on GitHub, and before the commits that record it.
_PULL_POINTS: Final = (
    "after:create_branch",
    "after:put_file",
    "after:open_pull_request",
    "before:commit:save_postmortem@2",  # the first is the resolve
)
_ISSUE_POINTS: Final = ("after:open_issue", "before:commit:begin_issue_poll")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def github() -> AsyncIterator[GitHub]:
    """A GitHub; what is said to it and by it must be as GitHub describes."""
    async with running_github() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage, github: GitHub) -> AsyncIterator[Stage]:
    """The module's stage, whose bot exports to it."""
    name = github.repository.full_name
    env = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": name, "GITHUB_API_URL": github.url}
    async with open_stage(**env) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


async def _acknowledged(stage: Stage, title: str) -> Alert:
    alert = await stage.sev1(title)
    await stage.world.react(alert, by="primary")
    await stage.world.expect_acknowledged(alert, by="primary")
    return alert


async def _resolve(stage: Stage, alert: Alert) -> None:
    form = await stage.world.command("incident resolve", channel=alert.thread, by="primary")
    await stage.world.human.submit("primary", form, {})


async def _add_item(stage: Stage, alert: Alert, what: str) -> None:
    """Add an action item of the responder's own, which causes no DM."""
    form = await stage.world.command("action add", channel=alert.thread)
    verified = "負荷試験で 5xx が 0.1% 未満のまま 30 分"
    filled = {WHAT: what, OWNER: ["responder"], DUE: "in 5 business days", VERIFICATION: verified}
    await stage.world.human.submit("responder", form, filled)


async def _lines(stage: Stage, alert: Alert) -> int:
    """How often the thread was told of its pull request."""
    return len([post for post in await stage.world.posts(alert.thread) if "pull request" in post.text])


@pytest.mark.parametrize("point", _PULL_POINTS)
async def test_row_75_killed_while_a_postmortem_is_exported(
    stage: Stage, github: GitHub, figure: Figure, point: str
) -> None:
    """The next process finds what was done: one branch, one pull request, one line."""
    alert = await _acknowledged(stage, f"行75 {_PULL_POINTS.index(point)}")
    number = alert.label.removeprefix("INC-")
    await stage.die_at(point, lambda: _resolve(stage, alert))
    await stage.world.shift(minutes=2)  # by then the auditor looks for jobs that are lost
    await stage.revive()
    await stage.until(partial(_lines, stage, alert), "the line about the pull request")
    await stage.world.idle()
    pulls = [pull for pull in github.repository.pulls.values() if pull.head == f"postmortem/inc-{number}"]
    assert len(pulls) == 1
    assert await _lines(stage, alert) == 1
    figure(f"{len(pulls)} pull request")


@pytest.mark.parametrize("point", _ISSUE_POINTS)
async def test_row_75_killed_while_an_action_item_is_exported(
    stage: Stage, github: GitHub, figure: Figure, point: str
) -> None:
    """The next process finds the issue by its marker."""
    what = f"行75 リトライ上限を {_ISSUE_POINTS.index(point)} 回にする"
    alert = await _acknowledged(stage, what)
    await stage.die_at(point, lambda: _add_item(stage, alert, what))
    await stage.world.shift(minutes=2)
    await stage.revive()
    recorded = "SELECT FROM action_issues JOIN action_items ON id = item_id WHERE what = $1 AND number > 0"
    await stage.until(lambda: stage.world.rows(recorded, what), "the record of the issue")
    issues = [issue for issue in github.repository.issues.values() if issue.title == what]
    assert len(issues) == 1
    figure(f"{len(issues)} issue")


async def test_row_76_github_hangs(stage: Stage, github: GitHub, figure: Figure) -> None:
    """Six exports wait for it; a P0 and its ack do not, and the exports are there in the end."""
    alerts = [await _acknowledged(stage, f"行76 {number}") for number in range(3)]
    github.fault(Fault.SLOW)
    for number, alert in enumerate(alerts):
        await _add_item(stage, alert, f"行76 リトライ上限を {number} 回にする")
        await _resolve(stage, alert)
    began = time.monotonic()
    await stage.start_command("sev1", title="行76 決済 API が 5xx")
    number = await stage.number("行76 決済 API が 5xx")
    [post] = await stage.until(lambda: stage.alerts(number), "the alert")
    took_s = time.monotonic() - began
    [*_, message] = await stage.world.posts("p0-alerts")
    assert message.id == str(post.id)
    await stage.world.human.react("primary", message, "👀")
    await stage.acknowledged(number)
    acked_s = time.monotonic() - began
    assert took_s < _PROMPT_S
    assert acked_s < 2 * _PROMPT_S
    github.heal()
    await stage.world.idle()
    await stage.world.shift(minutes=10)
    for alert in alerts:
        await stage.until(partial(_lines, stage, alert), "the pull request")
    figure(f"P0 posted after {took_s * 1000:.0f} ms")

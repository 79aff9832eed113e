"""Rows 77, 78, 90: the bot dies between a page outside and its record; a system outside hangs, or fails."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage
from tests.standins.paging.policy import policy_with_pages
from tests.standins.paging.server import Outside, fails, outside_systems

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-pages-out")]

_PROMPT_S: Final = 5.0
_PUSHES: Final = 2

#: After the first and the last system has its page, and before the commit that keeps it in step.
_POINTS: Final = ("after:page", "after:page@3", "before:commit:keep_outside_page")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside() -> AsyncIterator[Outside]:
    """The systems; what is said to PagerDuty must be as it describes."""
    async with outside_systems() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    open_stage: OpenStage, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """The module's stage, whose bot pages outside."""
    policy = policy_with_pages(tmp_path_factory.mktemp("policy"))
    async with open_stage(RUNBOOK_FILE=policy, **outside.environment) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


async def _all_sent(stage: Stage, number: int) -> bool:
    rows = await stage.world.rows(
        "SELECT status FROM deliveries WHERE incident_id = $1 AND kind = 'outside_page'", number
    )
    return [row["status"] for row in rows] == ["sent"] * 3


@pytest.mark.parametrize("point", _POINTS)
async def test_row_77_killed_after_a_page_outside(
    stage: Stage, outside: Outside, figure: Figure, point: str
) -> None:
    """The next process sends it again; each system sees that it is the same page."""
    alert = await stage.sev1(f"行77 {_POINTS.index(point)}")
    await stage.die_at(point, lambda: stage.reach_deadline(alert.number))
    await stage.revive()
    await stage.escalated(alert.number)
    await stage.world.shift(minutes=2)  # by then the auditor looks for jobs that are lost
    await stage.until(lambda: _all_sent(stage, alert.number), "the pages")
    shown = [one for one in outside.ntfy.shown.values() if alert.label in one["message"]]
    rings = [one for one in outside.pushover.messages if alert.label in one["message"]]
    ringing = {one["tags"] for one in outside.pushover.receipts.values() if not one["expired"]}
    keys = [key for key in outside.pagerduty.incidents if key.endswith(f"-{alert.label}")]
    assert (len(shown), len(keys)) == (1, 1)
    assert len({one["tags"] for one in rings} & ringing) == 1
    figure(f"{len(shown)} push, {len(keys)} alert")


async def test_row_78_pagerduty_hangs(stage: Stage, outside: Outside, figure: Figure) -> None:
    """The deadline rings in Discord and on the phone; the ack here waits for nothing, and is told later."""
    hung = asyncio.Event()
    outside.hangs = {"/v2/enqueue": hung, "/rest/incidents": hung}
    alert = await stage.sev1("行78 決済 API が 5xx")
    began = time.monotonic()
    await stage.reach_deadline(alert.number)
    await stage.escalated(alert.number)
    took_s = time.monotonic() - began
    await stage.until(
        lambda: [one for one in outside.ntfy.shown.values() if alert.label in one["message"]], "the push"
    )
    message = next(one for one in await stage.world.posts("p0-alerts") if alert.label in one.text)
    await stage.world.human.react("primary", message, "👀")  # nothing is idle meanwhile
    await stage.acknowledged(alert.number)
    acked_s = time.monotonic() - began
    hung.set()
    outside.hangs = {}
    assert took_s < _PROMPT_S
    assert acked_s < 2 * _PROMPT_S
    figure(f"escalated after {took_s * 1000:.0f} ms")


async def test_row_90_pagerduty_fails_behind_the_same_host(
    stage: Stage, outside: Outside, figure: Figure
) -> None:
    """PagerDuty asks for a pause of half a minute: the phones behind the same host ring all the same."""
    outside.fault = fails(503, "enqueue", retry_after="30")
    first = await stage.sev1("行90 PagerDuty が止まる")
    await stage.reach_deadline(first.number)
    await stage.escalated(first.number)
    await stage.until(lambda: _pushed(outside, first.label), "the push")
    await stage.until(lambda: "/v2/enqueue" in outside.asked[-20:], "PagerDuty to refuse")
    second = await stage.sev1("行90 決済 API が 5xx")
    await stage.reach_deadline(second.number)
    await stage.escalated(second.number)
    began = time.monotonic()
    await stage.until(lambda: _pushed(outside, second.label), "the push")
    took_s = time.monotonic() - began
    outside.fault = lambda _path: None
    assert took_s < _PROMPT_S
    figure(f"pushed after {took_s:.1f} s")


def _pushed(outside: Outside, label: str) -> bool:
    """Return True if both push services have a page about the incident."""
    messages = [*outside.ntfy.shown.values(), *outside.pushover.messages]
    return sum(label in one["message"] for one in messages) >= _PUSHES

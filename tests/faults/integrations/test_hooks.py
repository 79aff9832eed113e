"""Rows 79 and 80: the bot dies between the answer to a hook and its alert; two bots are sent a burst."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import httpx
import pytest
import pytest_asyncio

from tests.cogs.hooks.sending import group
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-hooks")]

_SECRET: Final = "a-secret-of-alertmanager"
_ALERTS: Final = 3
_BURST: Final = 60

#: Alerts of one body: too many for one run of its job.
_MANY: Final = 800

#: Before and after the commit that tracks the alert, and before the hooks are ticked off.
_POINTS: Final = ("before:commit:insert_incident", "after:commit:insert_incident", "before:finish_hooks")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage) -> AsyncIterator[Stage]:
    """The module's stage, whose bots receive hooks."""
    async with open_stage(HOOKS_PORT="0", HOOKS_ALERTMANAGER_SECRET=_SECRET) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


def addresses(stage: Stage) -> list[str]:
    """Where each running bot receives hooks."""
    ports = [
        next(entry["port"] for entry in bot.entries() if entry["event"] == "hooks.listening")
        for bot in stage.world.running
    ]
    return [f"http://127.0.0.1:{port}/hooks/alertmanager/{_SECRET}" for port in ports]


async def fire(*urls: str, groups: Sequence[object]) -> None:
    """Each group of alerts is sent to one of the bots; every one is answered that it was accepted."""
    async with httpx.AsyncClient(trust_env=False) as sender:
        answers = await asyncio.gather(
            *(sender.post(urls[number % len(urls)], json=one) for number, one in enumerate(groups))
        )
    assert [answer.status_code for answer in answers] == [202] * len(groups)


async def tracked(stage: Stage, prefix: str) -> dict[str, int]:
    """How often each alert came, once every hook is processed."""
    rows = await stage.world.rows(
        "SELECT title, sum(occurrences) AS times, count(*) AS incidents FROM incidents WHERE title LIKE $1"
        " GROUP BY title",
        f"{prefix}%",
    )
    assert all(row["incidents"] == 1 for row in rows), rows
    return {row["title"]: int(row["times"]) for row in rows}


async def processed(stage: Stage) -> None:
    """Wait until no hook waits."""

    async def waiting() -> bool:
        [row] = await stage.world.rows("SELECT count(*) AS left FROM hooks WHERE processed_at IS NULL")
        return bool(row["left"] == 0)

    await stage.until(waiting, "the hooks to be processed")
    await stage.world.idle()


@pytest.mark.parametrize("point", [None, *_POINTS])
async def test_row_79_killed_after_the_answer_to_a_hook(
    stage: Stage, figure: Figure, point: str | None
) -> None:
    """Each alert of a hook that was accepted is tracked once, whenever the bot dies after its answer."""
    name = f"Row79of{0 if point is None else _POINTS.index(point) + 1}"
    if point is not None:
        stage.arm(point)
    await fire(*addresses(stage), groups=[group(*["firing"] * _ALERTS, name=name)])
    if point is None:
        stage.falls_ill()
        await stage.world.kill_bot()
    else:
        await stage.died()
    stage.disarm()
    await stage.revive()
    await processed(stage)
    found = await tracked(stage, name)
    assert found == {f"{name}: 5xx above {number} %": 1 for number in range(_ALERTS)}
    figure(f"{len(found)} of {_ALERTS} alerts, each once")


@pytest.mark.slow
async def test_row_79_killed_in_the_middle_of_a_large_hook(stage: Stage, figure: Figure) -> None:
    """After dying in a large hook, the bot goes on where it was; each firing alert is tracked, once."""
    name = "Row79large"
    stage.arm("after:finish_hooks")
    statuses = ["firing", *["resolved"] * _MANY, "firing"]
    await fire(*addresses(stage), groups=[group(*statuses, name=name)])
    await stage.died()
    stage.disarm()
    [left] = await stage.world.rows("SELECT next_event, processed_at FROM hooks ORDER BY id DESC LIMIT 1")
    assert 0 < left["next_event"] < len(statuses)
    assert left["processed_at"] is None
    await stage.revive()
    await processed(stage)
    found = await tracked(stage, name)
    assert found == {f"{name}: 5xx above {number} %": 1 for number in (0, _MANY + 1)}
    figure(f"died at alert {left['next_event']} of {len(statuses)}; the first and the last once")


async def test_row_80_two_bots_are_sent_a_burst(stage: Stage, figure: Figure) -> None:
    """In a burst of hooks to two bots each hook counts once, and the same alert counts on one incident."""
    await stage.world.start_bot()
    groups = [group("firing", name=f"Row80n{number % 3}") for number in range(_BURST)]
    await fire(*addresses(stage), groups=groups)
    await processed(stage)
    found = await tracked(stage, "Row80")
    assert sorted(found.values()) == [_BURST // 3] * 3
    figure(f"{sum(found.values())} of {_BURST} counted on 3 incidents")

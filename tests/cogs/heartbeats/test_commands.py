"""`/heartbeats` on a connected bot."""

import pytest

from bot.domain.masking.masking import mask
from cogs.heartbeats.rules import BeatKind
from tests.cogs.heartbeats.beating import TABLES, beat, policy_of
from tests.integration.cogs.console_world import ConsoleWorld, shown


@pytest.fixture
async def world(world: ConsoleWorld) -> ConsoleWorld:
    """The bot, whose policy has heartbeats."""
    world.policy = policy_of(TABLES)
    await world.restart()
    return world


async def run(world: ConsoleWorld, *, minutes: float, fails: str | None = None) -> None:
    """A run of the hourly job, which fails if it says something."""
    await beat(world, BeatKind.START)
    await world.pass_time(minutes=minutes)
    if fails is None:
        await beat(world)
    else:
        await beat(world, BeatKind.FAIL, body=fails)


async def test_the_list_says_how_long_jobs_take(world: ConsoleWorld) -> None:
    """Each line has the last duration and the usual one; the answer is for the person who asks."""
    for minutes in (2, 4, 9):
        await run(world, minutes=minutes)
    answer = shown(await world.command("heartbeats", by="primary"))
    title, nightly, hourly = answer["content"].splitlines()
    assert answer["only_for"] == "primary"
    assert title == "💓 **ハートビート** · 2 件"
    assert nightly.startswith("⏳ `nightly` 初回の報告待ち")
    assert hourly.startswith("✅ `hourly` 正常 (1 時間ごと)")
    assert hourly.endswith("所要 9 分 (通常 4 分)")


async def test_one_job_is_shown_with_its_runs_and_its_last_failure(world: ConsoleWorld) -> None:
    """The runs come newest first; what the last failure said is in a block that it cannot leave."""
    await run(world, minutes=2, fails="an older failure")
    await run(world, minutes=3, fails=mask("``` @everyone disk full, password=hunter2secret").text)
    await run(world, minutes=4)
    answer = shown(await world.command("heartbeats", by="primary", job="hourly"))
    first, heading, *runs, said, fence, output, end = answer["content"].splitlines()
    assert first.startswith("✅ `hourly` 正常 (1 時間ごと)")
    assert heading == "**直近の実行**"
    assert [one[0] for one in runs] == ["✅", "⛔", "⛔"]
    assert [one.partition(" · ")[2] for one in runs] == ["所要 4 分", "失敗 · 所要 3 分", "失敗 · 所要 2 分"]
    assert said.startswith("最後の失敗 (")
    assert (fence, end) == ("```", "```")
    assert "disk full" in output
    assert "hunter2secret" not in answer["content"]
    assert "older" not in answer["content"]


async def test_a_job_that_is_not_in_the_policy_is_refused(world: ConsoleWorld) -> None:
    """An unknown job is refused with a hint to choose one that is offered."""
    answer = shown(await world.command("heartbeats", by="primary", job="weekly"))
    assert "「weekly」というハートビートはありません" in answer["content"]

"""Show `/check` as people use it: in a thread, elsewhere, too soon, and with an unknown target."""

import asyncio
from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.systems import HttpTarget
from bot.storage.tables.incidents import IncidentRows
from cogs.checks.rules import CheckRules
from tests.cogs.checks.checks import ScriptedCheck, ScriptedChecks, fine
from tests.integration.cogs.console_world import ConsoleWorld, presses, shown
from tests.patience import PATIENCE_S

TARGET = "api.parky.co.jp"


@pytest.fixture
def checks() -> ScriptedChecks:
    """The systems of its team."""
    return ScriptedChecks()


@pytest.fixture
async def world(world: ConsoleWorld, checks: ScriptedChecks) -> ConsoleWorld:
    """A connected bot of a team that has named one target."""
    http = MappingProxyType({TARGET: HttpTarget("https://api.parky.co.jp/health")})
    world.policy = world.policy.with_rules(replace(world.policy.of(CheckRules), http=http))
    world.opened["checks"] = lambda *_: checks
    await world.restart()
    return world


async def test_a_sev1s_thread_gets_a_message_that_can_be_pressed_again(world: ConsoleWorld) -> None:
    """The button in a SEV1's thread repeats the checks after ten seconds, and the same message is edited.

    A press before that is asked to wait, and an observer's press repeats nothing.
    """
    await world.command("sev1", title="決済 API が 5xx")
    await world.until("p0-alerts", contains="inc:v1:ack:1")
    await world.rest()
    place = str((await IncidentRows(world.store.sql).incident(1)).thread.id)
    post = await world.until(place, contains="inc:v1:check:1")
    assert f"✅ {TARGET}：200、12 ms" in post["content"]
    assert "-# 未設定：Sentry" in post["content"]
    assert presses(post) == ["inc:v1:check:1"]
    early = shown(await world.click(post, "inc:v1:check:1"))
    assert "少し待って" in early["content"]
    await world.pass_time(seconds=10)
    refused = shown(await world.click(post, "inc:v1:check:1", by="observer"))
    assert "もう一度確認しています" not in refused["content"]
    assert "もう一度確認しています" in shown(await world.click(post, "inc:v1:check:1"))["content"]
    await world.rest()
    edited = await world.until(place, contains="inc:v1:check:1")
    assert edited["id"] == post["id"]
    assert "responder" in edited["content"].splitlines()[0]


async def test_elsewhere_it_is_shown_to_one_person_and_fills_in(
    world: ConsoleWorld, checks: ScriptedChecks
) -> None:
    """The answer is edited; nothing is posted, nothing is stored."""
    began, release = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        began.set()
        await release.wait()

    late = ScriptedCheck("late", wait, fine("late"))
    checks.checks = [ScriptedCheck(), late]
    asking = asyncio.ensure_future(world.command("check", target=TARGET))
    async with asyncio.timeout(PATIENCE_S):
        await began.wait()
    release.set()
    answer = shown(await asking)
    assert answer["flags"] & 64
    assert checks.asked[-1] == (TARGET,)


async def test_a_target_that_nobody_knows_is_said_with_those_that_are_known(
    world: ConsoleWorld, checks: ScriptedChecks
) -> None:
    """A target that nobody knows is answered with the known targets before any check runs."""
    answer = shown(await world.command("check", target="api"))
    assert TARGET in answer["content"]
    assert checks.asked == []

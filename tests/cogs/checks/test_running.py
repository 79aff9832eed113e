"""Checks side by side: none waits for another, none fails the round, and it ends in time."""

import asyncio

import pytest

from bot.domain.dlq import DlqMisfit, Misfit, StatusCounts, TableReport
from bot.domain.errors import OutboundFailed, OutboundProblem, StorageUnavailable
from bot.domain.systems import CheckResult, Fact, SystemState
from cogs.checks.systems import DlqFailures, results_in_steps
from tests.cogs.checks.checks import ScriptedCheck, deaf, done_with, fine, for_ever
from tests.patience import PATIENCE_S


async def results(*checks: ScriptedCheck, within_s: float = 0.3, every_s: float = 0.0) -> list[CheckResult]:
    return [
        each async for step in results_in_steps(checks, within_s=within_s, every_s=every_s) for each in step
    ]


async def test_one_that_hangs_is_unknown_and_holds_up_no_other() -> None:
    """The others are there before its time is over."""
    steps = results_in_steps([ScriptedCheck("a"), ScriptedCheck("b", for_ever)], within_s=0.3, every_s=0.0)
    assert await anext(steps) == [fine("a")]
    (late,) = await anext(steps)
    assert (late.state, late.values) == (SystemState.UNKNOWN, {"problem": "timeout"})
    assert [step async for step in steps] == []


async def test_one_that_ignores_its_cancellation_holds_up_nothing() -> None:
    """A check that ignores its cancellation, which a library may swallow, does not hold up the round."""
    bystanders = asyncio.all_tasks()
    async with asyncio.timeout(PATIENCE_S):  # it would never come
        found = await results(ScriptedCheck("a", deaf), ScriptedCheck("b"), within_s=0.2)
    assert {each.name for each in found} == {"a", "b"}
    for task in asyncio.all_tasks() - bystanders:
        done_with(task)
        task.cancel()


@pytest.mark.parametrize(
    ("error", "fact", "values"),
    [
        (OutboundFailed(OutboundProblem.UNAUTHORISED, "HTTP 401"), Fact.PROBLEM, {"problem": "unauthorised"}),
        (
            OutboundFailed(OutboundProblem.RATE_LIMITED, "HTTP 429", retry_after_s=59.6),
            Fact.PROBLEM,
            {"problem": "rate_limited", "wait_s": "60"},
        ),
        (StorageUnavailable("away"), Fact.PROBLEM, {"problem": "refused"}),
        (ZeroDivisionError(), Fact.BROKEN, {}),
    ],
)
async def test_what_goes_wrong_is_unknown_with_its_reason(
    error: Exception, fact: Fact, values: dict[str, str]
) -> None:
    """A check that fails, even by a bug of its own, says that the state is unknown, and why."""

    async def fail() -> None:
        raise error

    (found,) = await results(ScriptedCheck("a", fail))
    assert (found.state, found.fact, found.values) == (SystemState.UNKNOWN, fact, values)


async def test_what_comes_together_is_one_step() -> None:
    """Results that come together are one step, so that a message is edited about once a second."""
    release = asyncio.Event()
    checks = [ScriptedCheck("a"), ScriptedCheck("b"), ScriptedCheck("c", release.wait)]
    steps = results_in_steps(checks, within_s=30, every_s=0.05)
    assert {each.name for each in await anext(steps)} == {"a", "b"}
    release.set()
    assert [each.name for each in await anext(steps)] == ["c"]
    assert [step async for step in steps] == []


async def test_nothing_to_check_is_no_step() -> None:
    """A round without checks ends at once, without results."""
    assert await results() == []


class Misfitting:
    """A `bot.services.ports.DlqStore` whose table is another one."""

    async def http_statuses(self, *, hours: int) -> StatusCounts:
        raise DlqMisfit(TableReport("admin.notification_failures", misfit=Misfit.NO_TABLE))


async def test_a_dlq_of_another_form_is_said_to_be_unreadable() -> None:
    """A DLQ whose table has another form is reported as unreadable, not as away."""
    check = DlqFailures(Misfitting())  # type: ignore[arg-type]  # the one method that it asks
    (found,) = [each async for step in results_in_steps([check]) for each in step]
    assert found.values == {"problem": "not_json"}

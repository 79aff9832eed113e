"""Running checks side by side: each has its own deadline, none waits for another or fails the round."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from bot.domain.dlq import DlqMisfit
from bot.domain.errors import (
    OutboundFailed,
    OutboundProblem,
    StorageUnavailable,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.services.ports import DlqStore
from bot.services.ports.live_checks import LiveCheck

log = structlog.get_logger(__name__)

#: Seconds for each check. With the edits of the message, a round takes less than ten.
WITHIN_S: Final = 8.0

#: Seconds between two steps of a message that fills in. Source: Discord's limits allow five edits in five.
EVERY_S: Final = 1.0


async def results_in_steps(
    checks: Sequence[LiveCheck], *, within_s: float = WITHIN_S, every_s: float = EVERY_S
) -> AsyncIterator[list[CheckResult]]:
    """Yield the results as they come, those of about *every_s* seconds together, within *within_s* seconds.

    A check that does not end by then, or not even when it is cancelled, is unknown.
    """
    clock = asyncio.get_running_loop().time
    ends = clock() + within_s
    running = {asyncio.create_task(_looked(check), name=f"check {check.system}"): check for check in checks}
    try:
        while running:
            await asyncio.wait(running, timeout=max(ends - clock(), 0), return_when=asyncio.FIRST_COMPLETED)
            pause = min(every_s, ends - clock())
            if pause > 0:
                await asyncio.wait(running, timeout=pause)
            is_over = clock() >= ends
            told = [task for task in running if task.done() or is_over]
            yield [_result(task, running[task]) for task in told]
            for task in told:
                del running[task]
                task.cancel()
    finally:
        for task in running:
            task.cancel()


def _result(task: asyncio.Task[CheckResult], check: LiveCheck) -> CheckResult:
    return task.result() if task.done() else _unknown(check, OutboundProblem.TIMEOUT)


async def _looked(check: LiveCheck) -> CheckResult:
    try:
        return await check.look()
    except OutboundFailed as failed:
        return _unknown(check, failed.problem, wait_s=failed.retry_after_s)
    except (UpstreamUnavailable, StorageUnavailable, UserError, TimeoutError):
        return _unknown(check, OutboundProblem.REFUSED)
    except Exception:
        log.exception("check.broken", system=check.system)
        return CheckResult(system=check.system, name=check.name, state=SystemState.UNKNOWN, fact=Fact.BROKEN)


def _unknown(check: LiveCheck, problem: OutboundProblem, *, wait_s: float | None = None) -> CheckResult:
    values = {"problem": problem.value} | ({} if wait_s is None else {"wait_s": str(round(wait_s))})
    return CheckResult(
        system=check.system, name=check.name, state=SystemState.UNKNOWN, fact=Fact.PROBLEM, values=values
    )


_HOURS: Final = 1


@dataclass(frozen=True, slots=True)
class DlqFailures:
    """A `bot.services.ports.live_checks.LiveCheck`. It counts only, since failures may be private."""

    failures: DlqStore
    name: str = ""
    system: SystemKind = SystemKind.DLQ

    async def look(self) -> CheckResult:
        """Return degraded if there are failures.

        Raises:
            DlqUnavailable: its database is away. OutboundFailed: the table cannot be read.
        """
        try:
            found = await self.failures.http_statuses(hours=_HOURS)
        except DlqMisfit:
            said = "the table is not as the policy describes it"
            raise OutboundFailed(OutboundProblem.NOT_JSON, said) from None
        count = sum(each.count for each in found.counts)
        if count == 0:
            return CheckResult(system=self.system, state=SystemState.OK, fact=Fact.NO_FAILURES)
        values = {"count": f"{count}+" if found.is_cut else str(count)}
        return CheckResult(system=self.system, state=SystemState.DEGRADED, fact=Fact.FAILURES, values=values)

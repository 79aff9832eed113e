"""A prober that answers as a test says."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from cogs.probes.rules import ProbeRules
from tests.services.desk import Desk


@dataclass(slots=True)
class ScriptedProber:
    """A `cogs.probes.use_cases.Prober`: every target answers, unless a test says otherwise.

    Attributes:
        says: Results by the name of the probe.
        hangs: Names of probes whose requests never end.
        asked: The names of those that were asked, in order.
    """

    says: dict[str, CheckResult] = field(default_factory=dict)
    hangs: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def ask(self, rules: ProbeRules) -> CheckResult:
        self.asked.append(rules.name)
        if rules.name in self.hangs:
            await asyncio.Event().wait()
        return self.says.get(rules.name, good())


def prober(desk: Desk) -> ScriptedProber:
    """The desk's."""
    return cast("ScriptedProber", desk.opened["probes"])


def good() -> CheckResult:
    """An answer as expected."""
    values = {"status": "200", "ms": "12"}
    return CheckResult(system=SystemKind.HTTP, state=SystemState.OK, fact=Fact.RESPONDS, values=values)


def slow() -> CheckResult:
    """An answer that took long."""
    values = {"status": "200", "ms": "2500"}
    return CheckResult(system=SystemKind.HTTP, state=SystemState.DEGRADED, fact=Fact.SLOW, values=values)


def wrong(status: int = 503) -> CheckResult:
    """An answer with another status than expected."""
    values = {"status": str(status), "expected": "200"}
    state = SystemState.UNKNOWN if status == 403 else SystemState.DOWN
    return CheckResult(system=SystemKind.HTTP, state=state, fact=Fact.WRONG_STATUS, values=values)


def unreachable(problem: OutboundProblem = OutboundProblem.TIMEOUT) -> CheckResult:
    """No answer."""
    values = {"problem": problem.value}
    return CheckResult(system=SystemKind.HTTP, state=SystemState.DOWN, fact=Fact.PROBLEM, values=values)

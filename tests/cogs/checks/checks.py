"""Live checks that do as a test says."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.services.ports.systems import LiveCheck
from tests.services.desk import Desk


def fine(name: str = "api.parky.co.jp") -> CheckResult:
    """A target that answers."""
    values = {"status": "200", "ms": "12"}
    return CheckResult(
        system=SystemKind.HTTP, name=name, state=SystemState.OK, fact=Fact.RESPONDS, values=values
    )


@dataclass(slots=True)
class ScriptedCheck:
    """Returns *result*, after *before* has been awaited."""

    name: str = "api.parky.co.jp"
    before: Callable[[], Awaitable[object]] | None = None
    result: CheckResult | None = None
    system: SystemKind = SystemKind.HTTP
    looked: int = 0

    async def look(self) -> CheckResult:
        self.looked += 1
        if self.before is not None:
            await self.before()
        return self.result or fine(self.name)


@dataclass(slots=True)
class ScriptedChecks:
    """A `cogs.checks.systems.LiveChecks`.

    Attributes:
        asked: The targets of each round.
    """

    checks: list[LiveCheck] = field(default_factory=lambda: [ScriptedCheck()])
    unconfigured: Sequence[SystemKind] = (SystemKind.SENTRY,)
    is_configured: bool = True
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def of(self, targets: Collection[str], /) -> Sequence[LiveCheck]:
        self.asked.append(tuple(targets))
        return self.checks

    def give(self, desk: Desk) -> None:
        """Make them those of the guild."""
        desk.opened["checks"] = lambda *_: self
        desk.use(desk.discord)


async def for_ever() -> None:
    """Hang."""
    await asyncio.Event().wait()


async def deaf() -> None:
    """Hang, and ignore being cancelled."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            if asyncio.current_task() in _DONE_WITH:
                raise


_DONE_WITH: set[asyncio.Task[object] | None] = set()


def done_with(task: asyncio.Task[object]) -> None:
    """Let a deaf task hear the next cancellation."""
    _DONE_WITH.add(task)

"""The live check of the DLQ: how many notifications were not delivered in the last hour."""

from dataclasses import dataclass
from typing import Final

from bot.domain.dlq.table import DlqMisfit
from bot.domain.errors import OutboundFailed
from bot.domain.outbound import OutboundProblem
from bot.domain.systems.results import CheckResult, Fact, SystemKind, SystemState
from bot.services.ports import DlqStore

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

"""A circuit breaker for each system at each host outside. The rule: `bot.domain.delivery.limits`.

Several systems may stand behind one host, a gateway of the team's: one that fails silences no other.
"""

import time
from collections.abc import Callable
from typing import Final

import structlog
from cachetools import LRUCache

from bot.domain.delivery.limits import Breaker
from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.outbound.call import CallTerms

log = structlog.get_logger(__name__)

#: Systems at their hosts that are remembered.
_MOST: Final = 1000


class Breakers:
    """The breakers of a process.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._breakers: LRUCache[tuple[str, str], Breaker] = LRUCache(_MOST)

    def let_pass(self, host: str, terms: CallTerms, asked_at: float) -> None:
        """Let a request to *host* pass.

        Raises:
            OutboundFailed: the host failed several times in a row, or asked for a pause.
        """
        if not terms.has_breaker:
            return
        breaker = self._breakers.get((terms.system, host), Breaker())
        wait_s = breaker.wait_s(asked_at)
        if wait_s > 0:
            said = f"not asked for {wait_s:.0f} s after failures"
            raise OutboundFailed(OutboundProblem.PAUSED, said, retry_after_s=wait_s)
        self._breakers[terms.system, host] = breaker.asked(asked_at)

    def note_answer(self, host: str, terms: CallTerms) -> None:
        """Record an answer of *host*; a refusal counts as one."""
        self._breakers[terms.system, host] = Breaker()

    def note_failure(
        self, host: str, terms: CallTerms, asked_at: float, *, for_all_s: float | None = None
    ) -> None:
        """Record a failure, or that *host* asks for a pause of *for_all_s* seconds.

        A probe's failure is not one: a target that is down, asked again and again, would keep a page from
        ever leaving by the same host.
        """
        if not terms.has_breaker:
            return
        before = self._breakers.get((terms.system, host), Breaker())
        after = before.failed(self.clock(), asked_at=asked_at, for_all_s=for_all_s)
        if after.is_open and not before.is_open:
            log.warning("outbound.paused", system=terms.system, for_s=round(after.wait_s(self.clock())))
        self._breakers[terms.system, host] = after

    def give_back(self, host: str, terms: CallTerms, asked_at: float) -> None:
        """Record that the outcome of a request will never be known."""
        before = self._breakers.get((terms.system, host), Breaker())
        self._breakers[terms.system, host] = before.given_back(asked_at=asked_at)

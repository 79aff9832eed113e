"""A lease as its owner sees it: whether an event that arrives now may be acted upon."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from bot.domain.shards import LEASE_S, RENEW_S, Claim, LeaseLost
from bot.services.shared.boot_clock import boot_s

#: Our clock and the database's may differ in speed; both are far better than this.
_DRIFT_S: Final = 0.1

#: A failed renewal is followed by the next one within this time, or we have been stopped.
_EXCUSED_S: Final = 2 * RENEW_S


@dataclass(slots=True)
class Holding:
    """One shard of ours.

    Attributes:
        claim: What the database knows us by.
        ask: Renews all leases now and tells each holding what came of it.
        until_s: Until when nobody else can have the shard, on the boot clock.
        is_lost: Somebody else has it.
        heard: Told of each event that came.
        has_company: Other processes were there when the database last answered.
    """

    claim: Claim
    ask: Callable[[], Awaitable[None]]
    until_s: float
    is_lost: bool = False
    has_company: bool = False
    heard: Callable[[], None] = lambda: None
    _excused_s: float = field(default=0.0, init=False)

    def renewed(self, *, asked_s: float) -> None:
        """It is ours for another lease, counted from before the database was asked."""
        self.until_s = asked_s + LEASE_S - _DRIFT_S

    def unanswered(self, *, has_slept: bool) -> None:
        """The database did not answer.

        Args:
            has_slept: We were stopped for longer than a lease: then nothing is excused.
        """
        self._excused_s = 0.0 if has_slept else boot_s() + _EXCUSED_S

    @property
    def is_doubtful(self) -> bool:
        """The database has been away for longer than the lease. While it is away for all, nobody can take the
        shard over, and whoever types a command deserves an answer; were it away for us alone, somebody has
        it.
        """
        return self.has_company and boot_s() >= self.until_s

    async def require(self) -> None:
        """Return as soon as events of this shard may be acted upon; in order, and usually at once.

        After a sleep the database is asked first: nobody has taken the shard, and nothing is lost; or
        somebody has.

        Raises:
            LeaseLost: the shard is another's, or nobody can say.
        """
        if not self._may_act:
            await self.ask()
        if not self._may_act:
            raise LeaseLost

    @property
    def _may_act(self) -> bool:
        return not self.is_lost and boot_s() < max(self.until_s, self._excused_s)


#: The lease that the running task listens for.
HOLDING: Final[ContextVar[Holding]] = ContextVar("holding")

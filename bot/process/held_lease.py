"""The lease of a shard as its owner sees it: it says whether an event that arrives now may be acted upon."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from bot.domain.shards import LEASE_S, RENEW_S, Claim, LeaseLost
from bot.services.shared.boot_clock import boot_s

#: This machine's clock and the database's may differ in speed; both are far better than this.
_DRIFT_S: Final = 0.1

#: A failed renewal is followed by the next one within this time, or we have been stopped.
_EXCUSED_S: Final = 2 * RENEW_S


@dataclass(slots=True)
class HeldLease:
    """The lease of a shard that this process holds. (`bot.domain.shards.Lease` is what the database knows.)

    Attributes:
        claim: The proof of ownership that the database knows.
        ask: Renews all leases now and passes the result to each held lease.
        until_s: Until when no other process can have the shard, on the boot clock.
        is_lost: Another process has the shard.
        heard: Called for each event that came.
        has_company: Other processes were running when the database last answered.
        is_unowned: The database was never heard: no process can have the shard, or another one has it.
    """

    claim: Claim
    ask: Callable[[], Awaitable[None]]
    until_s: float
    is_lost: bool = False
    has_company: bool = False
    is_unowned: bool = False
    heard: Callable[[], None] = lambda: None
    _excused_s: float = field(default=0.0, init=False)

    def renewed(self, *, asked_s: float) -> None:
        """Extend the lease by its full length, counted from before the database was asked."""
        self.until_s = asked_s + LEASE_S - _DRIFT_S

    def unanswered(self, *, has_slept: bool) -> None:
        """Record that the database did not answer.

        Args:
            has_slept: This process was suspended for longer than a lease; then the failure is not excused.
        """
        self._excused_s = 0.0 if has_slept else boot_s() + _EXCUSED_S

    @property
    def is_doubtful(self) -> bool:
        """Return True if the database has been away for longer than the lease, or was never there.

        If it is away for all processes, none can take the shard over, and a person who types a command
        deserves an answer. If it is away for this process alone, another one has the shard.
        """
        return self.is_unowned or (self.has_company and boot_s() >= self.until_s)

    async def require(self) -> None:
        """Return as soon as this process may act on events of the shard; in order, and usually at once.

        After a suspension the database is asked first whether another process has taken the shard.

        Raises:
            LeaseLost: another process has the shard, or the database cannot say.
        """
        if not self._may_act:
            await self.ask()
        if not self._may_act:
            raise LeaseLost

    @property
    def _may_act(self) -> bool:
        return not self.is_lost and (self.is_unowned or boot_s() < max(self.until_s, self._excused_s))


#: The lease that the running task listens for.
HELD_LEASE: Final[ContextVar[HeldLease]] = ContextVar("held_lease")

"""Leases: which process holds which shard of the gateway."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from bot.domain.shards import Claim, Fleet, Identifies, Instance, Shard


class Leases(Protocol):
    """The rows that decide. Every method raises StorageUnavailable when the database is away."""

    async def seed(self, count: int) -> None:
        """Make a free lease for each shard of *count* that has none."""

    async def beat(self, me: Instance, held: Collection[Claim]) -> frozenset[Claim]:
        """Record that *me* is alive and renew the claims *held*; an instance that is gone holds up no other.

        Returns:
            Those of *held* that are still ours; the others belong to another instance.
        """

    async def fleet(self) -> Fleet:
        """Return every lease, and the instances seen within a lease's time."""

    async def take(self, me: Instance, choose: Callable[[Fleet], Sequence[Shard]]) -> list[Claim]:
        """Take the leases that *choose* returns and that are still free, one process at a time."""

    async def release(self, me: Instance, held: Collection[Claim]) -> None:
        """Give back the claims *held*, so that another instance can take them at once, and sign *me* off."""

    async def identified(self, claim: Claim) -> None:
        """Count one IDENTIFY to Discord's gateway under *claim*."""

    async def identifies(self, shard: Shard, *, concurrency: int) -> Identifies:
        """Return how often sessions were begun in the last 24 hours; the bucket is that of *shard*."""

"""The leases in memory."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from bot.domain.errors import StorageUnavailable, Superseded
from bot.domain.shards import DAY_S, LEASE_S, Claim, Fleet, Identifies, Instance, Lease, Shard, shards_of
from bot.services.shared.fencing import CLAIM


@dataclass(slots=True)
class FakeLeases:
    """A `bot.services.ports.Leases`; several processes share one.

    Attributes:
        is_away: While set, everything raises StorageUnavailable.
        away_for: The processes for which alone it is away.
    """

    is_away: bool = False
    away_for: set[UUID] = field(default_factory=set)
    _leases: dict[Shard, Lease] = field(default_factory=dict)
    _seen: dict[UUID, tuple[Instance, float]] = field(default_factory=dict)
    _identifies: list[tuple[Shard, float]] = field(default_factory=list)

    def age(self, seconds: float) -> None:
        """Time passes."""
        self._leases = {
            shard: replace(lease, left_s=lease.left_s - seconds) for shard, lease in self._leases.items()
        }
        self._seen = {key: (one, since_s + seconds) for key, (one, since_s) in self._seen.items()}
        self._identifies = [(shard, since_s + seconds) for shard, since_s in self._identifies]

    def require_shard(self) -> None:
        """Refuse the running task's writes when its shard has been taken."""
        claim = CLAIM.get()
        if claim is not None and self._leases[claim.shard].token != claim.token:
            raise Superseded

    async def seed(self, count: int) -> None:
        self._check()
        for shard in shards_of(count):
            self._leases.setdefault(shard, Lease(shard, None, 0, 0.0))

    async def beat(self, me: Instance, held: Collection[Claim]) -> frozenset[Claim]:
        self._check(me)
        self._seen[me.id] = (me, 0.0)
        ours = frozenset(claim for claim in held if self._is_owned(claim))
        for claim in ours:
            self._leases[claim.shard] = replace(self._leases[claim.shard], left_s=LEASE_S)
        return ours

    async def fleet(self) -> Fleet:
        self._check()
        leases = sorted(self._leases.values(), key=lambda lease: (lease.shard.count, lease.shard.id))
        seen = tuple(one for one, since_s in self._seen.values() if since_s < LEASE_S)
        return Fleet(tuple(leases), seen)

    async def take(self, me: Instance, choose: Callable[[Fleet], Sequence[Shard]]) -> list[Claim]:
        self._check(me)
        taken = []
        for shard in choose(await self.fleet()):
            lease = self._leases.get(shard)
            if lease is None or not lease.is_free:
                continue
            failovers = lease.failovers + (lease.owner is not None)
            self._leases[shard] = Lease(shard, me.id, lease.token + 1, LEASE_S, failovers)
            taken.append(Claim(shard, me.id, lease.token + 1))
        return taken

    async def release(self, me: Instance, held: Collection[Claim]) -> None:
        self._check(me)
        for claim in held:
            if self._is_owned(claim):
                self._leases[claim.shard] = replace(self._leases[claim.shard], owner=None, left_s=0.0)
        self._seen.pop(me.id, None)

    async def identified(self, claim: Claim) -> None:
        self._check()
        self._identifies.append((claim.shard, 0.0))

    async def identifies(self, shard: Shard, *, concurrency: int) -> Identifies:
        self._check()
        lately = [(one, since_s) for one, since_s in self._identifies if since_s < DAY_S]
        bucket = [since_s for one, since_s in lately if one.id % concurrency == shard.id % concurrency]
        return Identifies(
            len(lately),
            min((since_s for _, since_s in lately), default=None),
            min(bucket, default=None),
        )

    def _is_owned(self, claim: Claim) -> bool:
        lease = self._leases.get(claim.shard)
        return lease is not None and (lease.owner, lease.token) == (claim.owner, claim.token)

    def _check(self, me: Instance | None = None) -> None:
        if self.is_away or (me is not None and me.id in self.away_for):
            raise StorageUnavailable("PostgreSQL is away")

"""Which process listens to which shard of Discord's gateway, and how often it may begin to.

A lease expires: an owner that does not renew it loses it. Its token grows with each new owner, so that the
database can tell a write of the current owner from one of an earlier owner that was suspended.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from math import ceil
from typing import Final
from uuid import UUID

LEASE_S: Final = 3.0
"""How long a lease holds without being renewed, seconds: a killed owner is replaced after it."""

RENEW_S: Final = 1.0
"""How often it is renewed, seconds: two renewals may fail."""

LEFT_FREE_S: Final = 2.0
"""A shard that is free for this long may be taken beyond the fair share, seconds."""

DAY_S: Final = 86_400.0
IDENTIFY_WINDOW_S: Final = 5.0
"""Between two IDENTIFYs of one bucket, seconds. Source: Discord's docs, Gateway > Max Concurrency."""

_FREELY: Final = 0.5  # of the day's IDENTIFYs, before they are spread over the day
_KEPT: Final = 0.05  # of them, for the people who mend what has used up the rest


class LeaseLost(Exception):
    """Another process has the shard now, or may have."""


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """One part of the gateway: the guilds with ``(guild_id >> 22) % count == id``."""

    id: int
    count: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The proof of ownership of a shard.

    Attributes:
        token: Larger than that of every owner before.
    """

    shard: Shard
    owner: UUID
    token: int


#: The claim under which the running task writes. Tasks inherit it from the task that starts them.
CLAIM: Final[ContextVar[Claim | None]] = ContextVar("claim", default=None)


@dataclass(frozen=True, slots=True)
class Lease:
    """A shard's row.

    Attributes:
        owner: None once it was given back.
        left_s: Until it expires, by the database's clock; negative since then.
        failovers: How often it was taken from an owner that had gone silent.
    """

    shard: Shard
    owner: UUID | None
    token: int
    left_s: float
    failovers: int = 0

    @property
    def is_free(self) -> bool:
        """Return True if any process may take it. More time left than a lease has means a clock put back."""
        return self.owner is None or not 0 < self.left_s <= LEASE_S

    @property
    def is_late(self) -> bool:
        """Return True if the lease's owner has missed a renewal, and may be gone."""
        return self.is_free or self.left_s < LEASE_S - 2 * RENEW_S


@dataclass(frozen=True, slots=True)
class Instance:
    """A running process.

    Attributes:
        shard_count: Into how many shards it divides the gateway.
    """

    id: UUID
    host: str
    version: str
    shard_count: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """The leases and processes that the database knows at one moment.

    Attributes:
        leases: Of every shard, of other counts too.
        instances: Those that were seen within a lease's time.
    """

    leases: tuple[Lease, ...]
    instances: tuple[Instance, ...]

    def of_another_count(self, count: int) -> list[Lease]:
        """Return the leases that block this count: two counts at once would deliver each event twice."""
        return [lease for lease in self.leases if lease.shard.count != count and not lease.is_free]


def fair_share(shards: int, instances: int) -> int:
    """Return how many of *shards* each of *instances* takes so that all are taken."""
    return ceil(shards / max(instances, 1))


def to_take(fleet: Fleet, me: Instance) -> list[Shard]:
    """Return the free shards that *me* takes now: its fair share, and shards that were free for a while.

    A process never gives up a shard for balance: every change of owner costs an IDENTIFY and a second of
    silence.
    """
    if fleet.of_another_count(me.shard_count):
        return []
    ours = [lease for lease in fleet.leases if lease.shard.count == me.shard_count]
    held = sum(lease.owner == me.id and not lease.is_free for lease in ours)
    others = {one.id for one in fleet.instances if one.shard_count == me.shard_count}
    room = max(fair_share(me.shard_count, len(others | {me.id})) - held, 0)
    free = sorted((lease for lease in ours if lease.is_free), key=lambda lease: lease.shard)
    return [lease.shard for lease in free[:room]] + [
        lease.shard for lease in free[room:] if lease.left_s < -LEFT_FREE_S
    ]


@dataclass(frozen=True, slots=True)
class Identifies:
    """How often sessions were begun lately, by all processes.

    Attributes:
        used: Within the last 24 hours.
        since_last_s: Since the last one; None: there was none.
        since_bucket_s: Since the last one of the shard's bucket.
    """

    used: int
    since_last_s: float | None
    since_bucket_s: float | None


@dataclass(frozen=True, slots=True)
class IdentifyBudget:
    """Discord's limits for IDENTIFYs. Source: its docs, Gateway > Session Start Limit.

    Attributes:
        total: IDENTIFYs a day; one more resets the token.
        concurrency: Shards with the same ``id % concurrency`` share a bucket.
        elsewhere: Of *total*, how many others with the same token have used.
        window_s: Between two of one bucket.
    """

    total: int = 1000
    concurrency: int = 1
    elsewhere: int = 0
    window_s: float = IDENTIFY_WINDOW_S

    def left(self, so_far: Identifies) -> int:
        """Return how many are left of the day's."""
        return max(self.total - self.elsewhere - so_far.used, 0)

    def is_low(self, so_far: Identifies) -> bool:
        """Return True if more than half is used up: something restarts or reconnects far too often."""
        return self.left(so_far) < self.total * _FREELY

    def wait_s(self, so_far: Identifies) -> float:
        """Return the seconds until the next IDENTIFY may be sent; 0: now.

        The first half of the day's may go as fast as the buckets allow; the rest is spread over a day, and
        the last ones are not used at all until earlier ones are a day old.
        """
        bucket_s = _left_of(self.window_s, so_far.since_bucket_s)
        if not self.is_low(so_far):
            return bucket_s
        usable = self.left(so_far) - max(ceil(self.total * _KEPT), 1)
        pace_s = DAY_S / usable if usable > 0 else DAY_S
        return max(bucket_s, _left_of(pace_s, so_far.since_last_s))


def _left_of(span_s: float, since_s: float | None) -> float:
    return 0.0 if since_s is None else max(span_s - since_s, 0.0)


def shards_of(count: int) -> Sequence[Shard]:
    """Return every shard of a bot that is split into *count* shards."""
    return [Shard(number, count) for number in range(count)]

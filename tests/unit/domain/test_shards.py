"""Who takes which shard, and how often a session may begin."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.shards import (
    LEASE_S,
    Fleet,
    Identifies,
    IdentifyBudget,
    Instance,
    Lease,
    Shard,
    fair_share,
    to_take,
)

ME, OTHER = (Instance(UUID(int=number), "host", "1", 4) for number in (1, 2))


def fleet(
    *owners: Instance | None, free_for_s: float = 0.0, there: tuple[Instance, ...] = (ME, OTHER)
) -> Fleet:
    """Shards of four with these owners; None: free for so long."""
    leases = tuple(
        Lease(
            Shard(number, 4),
            None if owner is None else owner.id,
            1,
            -free_for_s if owner is None else LEASE_S,
        )
        for number, owner in enumerate(owners)
    )
    return Fleet(leases, there)


def taken(found: Fleet, me: Instance = ME) -> list[int]:
    """Their numbers."""
    return [shard.id for shard in to_take(found, me)]


@pytest.mark.parametrize(
    ("found", "numbers"),
    [
        (fleet(None, None, None, None), [0, 1]),
        (fleet(None, None, None, None, there=(ME,)), [0, 1, 2, 3]),
        (fleet(None, None, None, None, there=()), [0, 1, 2, 3]),
        (fleet(ME, None, None, None), [1]),
        (fleet(ME, ME, None, None), []),
        (fleet(ME, ME, None, None, free_for_s=60), [2, 3]),
        (fleet(OTHER, OTHER, OTHER, OTHER), []),
        (fleet(OTHER, OTHER, OTHER, None), [3]),
    ],
)
def test_a_fair_share_and_what_nobody_wants(found: Fleet, numbers: list[int]) -> None:
    """Half each of two; what stays free goes to anybody; what is held stays where it is."""
    assert taken(found) == numbers


def test_a_dead_owners_shards_are_free_and_count_for_nobody() -> None:
    """The shard of a dead instance, whose lease has expired, is taken by the only instance that is left."""
    expired = Lease(Shard(0, 4), OTHER.id, 1, -0.01)
    assert taken(Fleet((expired, *fleet(ME, ME, ME, ME).leases[1:]), (ME,))) == [0]


def test_another_count_waits_until_the_last_is_gone() -> None:
    """Two counts at once would deliver every event twice."""
    old = Lease(Shard(0, 1), OTHER.id, 1, LEASE_S)
    free = fleet(None, None, None, None, there=(ME,))
    assert taken(Fleet((old, *free.leases), free.instances)) == []
    gone = Lease(Shard(0, 1), OTHER.id, 1, -1.0)
    assert taken(Fleet((gone, *free.leases), free.instances)) == [0, 1, 2, 3]


@given(st.integers(1, 200), st.integers(1, 50))
def test_fair_shares_are_enough_for_all(shards: int, instances: int) -> None:
    """Fair shares cover all shards, and none is larger than needed."""
    share = fair_share(shards, instances)
    assert share * instances >= shards
    assert (share - 1) * instances < shards


@pytest.mark.parametrize(
    ("left_s", "is_free", "is_late"),
    [
        (LEASE_S, False, False),
        (1.5, False, False),
        (0.5, False, True),
        (0, True, True),
        (LEASE_S + 1, True, True),
    ],
)
def test_a_lease_by_what_is_left_of_it(left_s: float, is_free: bool, is_late: bool) -> None:
    """Late once two renewals are missing; too much left means that the clock was put back."""
    lease = Lease(Shard(0, 1), ME.id, 1, left_s)
    assert (lease.is_free, lease.is_late) == (is_free, is_late)


def used(count: int, since_s: float | None = 3600.0) -> Identifies:
    """So many today, the last one so long ago."""
    return Identifies(count, since_s, since_s)


def test_a_bucket_takes_one_identify_in_five_seconds() -> None:
    """A second IDENTIFY of one bucket waits until five seconds after the first; another bucket's does not."""
    budget = IdentifyBudget()
    assert budget.wait_s(Identifies(0, None, None)) == 0
    assert budget.wait_s(used(1, since_s=2.0)) == pytest.approx(3.0)
    assert budget.wait_s(Identifies(1, 0.1, None)) == 0
    assert IdentifyBudget(window_s=0).wait_s(used(1, since_s=0.0)) == 0


def test_the_second_half_of_the_day_is_spread() -> None:
    """The second half of the day's IDENTIFYs is spread over the day; the last twentieth is a reserve."""
    budget = IdentifyBudget()
    assert (budget.is_low(used(500)), budget.wait_s(used(500))) == (False, 0)
    assert budget.is_low(used(501))
    assert budget.wait_s(used(501, since_s=0.0)) == pytest.approx(86_400 / 449)
    assert budget.wait_s(used(949, since_s=3600.0)) == pytest.approx(86_400 - 3600)
    assert budget.wait_s(used(950, since_s=0.0)) >= 86_400
    assert IdentifyBudget(elsewhere=600).is_low(used(0))


@given(st.floats(0.1, 600))
def test_a_crash_loop_never_uses_the_day_up(every_s: float) -> None:
    """However fast a process restarts, it sends fewer IDENTIFYs than Discord's thousand for a day."""
    budget, now_s, sent = IdentifyBudget(), 0.0, list[float]()
    while now_s < 86_400 and len(sent) < 1000:
        since = now_s - sent[-1] if sent else None
        now_s += budget.wait_s(Identifies(len(sent), since, since))
        sent.append(now_s)
        now_s += every_s
    assert len([at_s for at_s in sent if at_s < 86_400]) < 1000

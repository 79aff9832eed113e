"""Leases."""

from datetime import timedelta
from uuid import UUID

import pytest

from bot.domain.errors import Superseded
from bot.domain.escalation.ladder import Step
from bot.domain.severity import LadderStep
from bot.domain.shards import CLAIM, LEASE_S, Claim, Identifies, Instance, Shard, to_take
from bot.storage.database.leases import Leases
from bot.storage.tables.escalation import EscalationWrites
from bot.storage.tables.outage import OverdueRows
from bot.storage.tables.timeline import AuditWrites
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import PERRY, open_incident

FIRST = Instance(UUID(int=1), "host-a", "1.0", 2)
SECOND = Instance(UUID(int=2), "host-b", "1.1", 2)
MINUTE = timedelta(minutes=1)
EXPIRED = LEASE_S + 0.5


async def take_all(leases: Leases, me: Instance) -> list[Claim]:
    """Everything that is free, whatever is fair."""
    return await leases.take(me, lambda fleet: [lease.shard for lease in fleet.leases])


async def test_what_is_held_is_nobody_elses(rig: Rig) -> None:
    """Taken leases have a token, cannot be taken by another process, and stay held while renewed."""
    await rig.leases.seed(2)
    await rig.leases.seed(2)
    held = await take_all(rig.leases, FIRST)
    assert held == [Claim(Shard(number, 2), FIRST.id, 1) for number in (0, 1)]
    assert await take_all(rig.leases, SECOND) == []
    for _ in range(3):
        await rig.age_leases(LEASE_S - 0.5)
        assert await rig.leases.beat(FIRST, held) == frozenset(held)
    assert await take_all(rig.leases, SECOND) == []


async def test_what_is_not_renewed_is_taken_with_a_higher_token(rig: Rig) -> None:
    """The one who slept hears that it is lost, and cannot give it back for the one who has it."""
    await rig.leases.seed(1)
    [slept] = await take_all(rig.leases, FIRST)
    await rig.age_leases(EXPIRED)
    [taken] = await take_all(rig.leases, SECOND)
    assert (taken.owner, taken.token) == (SECOND.id, slept.token + 1)
    assert await rig.leases.beat(FIRST, [slept]) == frozenset()
    await rig.leases.release(FIRST, [slept])
    assert await take_all(rig.leases, FIRST) == []
    [lease] = (await rig.leases.fleet()).leases
    assert (lease.owner, lease.failovers) == (SECOND.id, 1)


async def test_an_expired_lease_that_nobody_took_goes_on(rig: Rig) -> None:
    """A process that slept past its lease keeps its shard if no other process has taken it."""
    await rig.leases.seed(1)
    held = await take_all(rig.leases, FIRST)
    await rig.age_leases(60)
    assert await rig.leases.beat(FIRST, held) == frozenset(held)


async def test_what_is_given_back_is_free_at_once(rig: Rig) -> None:
    """A released lease is free at once, without counting as a failover, and its instance is not counted."""
    await rig.leases.seed(1)
    await rig.leases.beat(FIRST, [])
    await rig.leases.release(FIRST, await take_all(rig.leases, FIRST))
    assert [lease.is_free for lease in (await rig.leases.fleet()).leases] == [True]
    [taken] = await take_all(rig.leases, SECOND)
    fleet = await rig.leases.fleet()
    assert (taken.token, fleet.leases[0].failovers, fleet.instances) == (2, 0, ())


async def test_a_clock_that_was_put_back_locks_nobody_out(rig: Rig) -> None:
    """A lease with more time left than a lease has is from before."""
    await rig.leases.seed(1)
    await take_all(rig.leases, FIRST)
    await rig.age_leases(-3600)
    assert [claim.token for claim in await take_all(rig.leases, SECOND)] == [2]


async def test_who_is_there(rig: Rig) -> None:
    """Seen within a lease's time; their fair share follows from it."""
    await rig.leases.seed(2)
    await rig.leases.beat(FIRST, [])
    await rig.leases.beat(SECOND, [])
    assert set((await rig.leases.fleet()).instances) == {FIRST, SECOND}
    assert len(await rig.leases.take(FIRST, lambda fleet: to_take(fleet, FIRST))) == 1
    await rig.age_leases(EXPIRED)
    await rig.leases.beat(SECOND, [])
    assert (await rig.leases.fleet()).instances == (SECOND,)
    assert len(await rig.leases.take(SECOND, lambda fleet: to_take(fleet, SECOND))) == 2


async def test_identifies_are_counted_for_a_day(rig: Rig) -> None:
    """The identifies of all shards are counted for a day; the time since the last one is known per bucket."""
    zero, one = (Claim(Shard(number, 2), FIRST.id, 1) for number in (0, 1))
    assert await rig.leases.identifies(zero.shard, concurrency=1) == Identifies(0, None, None)
    await rig.leases.identified(zero)
    await rig.age_leases(10)
    await rig.leases.identified(one)
    shared = await rig.leases.identifies(zero.shard, concurrency=1)
    apart = await rig.leases.identifies(zero.shard, concurrency=2)
    assert (shared.used, round(shared.since_bucket_s or 0)) == (2, 0)
    assert (apart.used, round(apart.since_last_s or 0), round(apart.since_bucket_s or 0)) == (2, 0, 10)
    await rig.age_leases(86_395)
    assert (await rig.leases.identifies(zero.shard, concurrency=1)).used == 1


async def test_a_superseded_event_writes_nothing(rig: Rig) -> None:
    """The token is compared in the transaction that would write; a job's transaction has none."""
    await rig.leases.seed(1)
    [slept] = await take_all(rig.leases, FIRST)

    async def write() -> None:
        async with rig.store.transaction() as tx:
            await AuditWrites(tx.sql).audit(guild_id=1, by=PERRY, action="acknowledge")

    reset = CLAIM.set(slept)
    try:
        await write()
        await rig.age_leases(EXPIRED)
        await write()  # expired, and nobody has taken it
        await take_all(rig.leases, SECOND)
        with pytest.raises(Superseded):
            await write()
    finally:
        CLAIM.reset(reset)
    assert len(await rig.audited()) == 2
    await write()
    assert len(await rig.audited()) == 3


async def test_late_steps_are_counted_with_and_without_a_job(rig: Rig) -> None:
    """An escalation step is counted as late once it has been due for a minute."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        step = Step(incident.id, 0, await tx.now() + MINUTE, LadderStep(MINUTE))
        await EscalationWrites(tx.sql).insert_steps([step])
    await rig.advance(MINUTE * 1.5)
    assert await OverdueRows(rig.store.sql).late_steps(overdue=MINUTE) == 0
    await rig.advance(MINUTE)
    assert await OverdueRows(rig.store.sql).late_steps(overdue=MINUTE) == 1

"""What the doctor says of the processes that run."""

from uuid import UUID

from bot.doctor.finding import State
from bot.doctor.storage import check_instances
from bot.domain.shards import LEASE_S, Instance, to_take
from bot.storage.database.leases import Leases
from tests.services.database import Database, unreachable

ONE = Instance(UUID(int=1), "host-a", "1.0", 1)
TWO = Instance(UUID(int=2), "host-b", "1.1", 1)


async def listening(database: Database) -> Leases:
    """Two processes; the first holds the shard."""
    leases = database.leases
    await leases.seed(1)
    for one in (ONE, TWO):
        await leases.beat(one, [])
    await leases.take(ONE, lambda fleet: to_take(fleet, ONE))
    return leases


async def test_who_is_there_and_who_listens(database: Database) -> None:
    """The doctor says which hosts and versions run and which of them holds the shards, or that none runs."""
    assert (await check_instances(database.leases)).said == "none is running"
    found = await check_instances(await listening(database))
    assert (found.state, found.said) == (State.OK, "host-a (1.0), host-b (1.1); shards: 0: host-a")


async def test_nobody_listens(database: Database) -> None:
    """The one that did has gone silent."""
    leases = await listening(database)
    await database.age_leases(LEASE_S + 1)
    await leases.beat(TWO, [])
    found = await check_instances(leases)
    assert (found.state, found.said) == (State.WARN, "host-b (1.1); no process listens to shard 0")


async def test_different_numbers_of_shards(database: Database) -> None:
    """The doctor warns if processes run with different numbers of shards, and names the setting.

    Processes of one number wait for those of another number to end.
    """
    leases = await listening(database)
    await leases.beat(Instance(UUID(int=3), "host-c", "1.1", 2), [])
    found = await check_instances(leases)
    assert found.state is State.WARN
    assert "SHARDS" in found.todo


async def test_the_database_is_away() -> None:
    """The check of instances fails while the database is away."""
    assert (await check_instances(unreachable().leases)).state is State.FAIL

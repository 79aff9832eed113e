"""What the tests of use cases rely on: each begins with nothing, and none asks two connections at once."""

import pytest

from bot.domain.errors import StorageUnavailable
from tests.services.database import Database
from tests.services.desk import Desk


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_a_test_finds_nothing_of_the_one_before(desk: Desk, database: Database, turn: str) -> None:
    """A test finds nothing of the one before: the numbers and the time begin anew."""
    assert await desk.store.now() == database.clock.time
    assert (await desk.open(key=turn)).id == 1
    await desk.pass_time(minutes=20)
    numbers = [one.id for one in await database.deliveries()]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_store_is_not_asked_within_a_transaction_of_the_same_task(desk: Desk) -> None:
    """The transaction is, and so is the store of the DLQ, which has connections of its own."""
    async with desk.store.transaction() as tx:
        await tx.now()
        await desk.dlq_store.report()
        with pytest.raises(RuntimeError, match="ask the transaction"):
            await desk.store.now()
    await desk.store.now()


async def test_a_database_that_is_away_answers_the_test_alone(desk: Desk, database: Database) -> None:
    """While the database is away for the use cases, the test itself can still read from it."""
    database.is_away = True
    with pytest.raises(StorageUnavailable):
        await desk.store.now()
    assert await database.jobs() == []

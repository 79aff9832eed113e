"""A restored database: the bot waits for the instances that may have notified people without it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from bot.storage.store import Store
from bot.storage.tables.outage import MirrorRows
from tests.postgres import connect, open_patient_pool

OURS, OTHERS = 7, 8


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store on a pool as the bot opens it."""
    pool = await open_patient_pool(database_url)
    yield Store(pool)
    await pool.close()


async def aged(dsn: str, seconds: int) -> None:
    """Everything that was noted of mirrors is older by so many seconds."""
    connection: asyncpg.Connection = await connect(dsn)
    delta = f"interval '{seconds} seconds'"
    await connection.execute(f"UPDATE mirrors SET told_at = told_at - {delta}")
    await connection.execute(
        f"UPDATE installation SET beaten_at = beaten_at - {delta}, gone_at = gone_at - {delta},"
        f" back_at = back_at - {delta}"
    )
    await connection.close()


async def outage(store: Store, dsn: str, *mirrors: UUID) -> None:
    """Let each of *mirrors* report once, and then no instance for half a minute."""
    for mirror in mirrors:
        await store.of(OURS).beat(mirror=mirror)
    await aged(dsn, 30)


async def pass_by(store: Store, dsn: str, mirror: UUID) -> None:
    """A quarter of a minute in which one was heard of all the while."""
    for _ in range(5):
        await aged(dsn, 3)
        await store.of(OURS).beat(mirror=mirror)


async def test_nobody_at_first(store: Store) -> None:
    """After a start without an outage, escalations wait for no other instance."""
    assert not await MirrorRows(store.of(OURS).sql).is_untold()
    await store.of(OURS).beat(mirror=uuid4())
    assert not await MirrorRows(store.of(OURS).sql).is_untold()


async def test_until_each_has_been_heard(store: Store, database_url: str) -> None:
    """After an outage, escalations wait until each instance from before has reported without news."""
    first, second, late = uuid4(), uuid4(), uuid4()
    await outage(store, database_url, first, second)
    ours = store.of(OURS)
    assert await MirrorRows(ours.sql).is_untold()  # nobody has looked yet
    await ours.beat(mirror=late)
    assert await MirrorRows(ours.sql).is_untold()
    await ours.beat(mirror=first)
    await ours.beat(mirror=None)
    assert await MirrorRows(ours.sql).is_untold()
    await ours.beat(mirror=second)
    assert not await MirrorRows(ours.sql).is_untold()


async def test_alone_nobody_waits(store: Store, database_url: str) -> None:
    """A bot that is the only one has told everything with its first look."""
    only = uuid4()
    await outage(store, database_url, only)
    await store.of(OURS).beat(mirror=only)
    assert not await MirrorRows(store.of(OURS).sql).is_untold()


async def test_the_dead_are_not_waited_for_long(store: Store, database_url: str) -> None:
    """Six seconds, and never for one that had ended before the outage."""
    ended, killed, alive = uuid4(), uuid4(), uuid4()
    await store.of(OURS).beat(mirror=ended)
    await pass_by(store, database_url, alive)
    await outage(store, database_url, alive)
    await store.of(OURS).beat(mirror=alive)
    assert not await MirrorRows(store.of(OURS).sql).is_untold()
    await pass_by(store, database_url, alive)
    await outage(store, database_url, killed, alive)
    await store.of(OURS).beat(mirror=alive)
    assert await MirrorRows(store.of(OURS).sql).is_untold()
    await pass_by(store, database_url, alive)
    assert not await MirrorRows(store.of(OURS).sql).is_untold()


async def test_away_again_before_everybody_was_heard(store: Store, database_url: str) -> None:
    """A database that comes and goes was away since the first time."""
    first, other = uuid4(), uuid4()
    await outage(store, database_url, first)
    await store.of(OURS).beat(mirror=other)
    await aged(database_url, 5)
    await store.of(OURS).beat(mirror=other)
    assert await MirrorRows(store.of(OURS).sql).is_untold()
    await store.of(OURS).beat(mirror=first)
    assert not await MirrorRows(store.of(OURS).sql).is_untold()


async def test_what_is_asked_at_once_is_one_write(store: Store) -> None:
    """Beats of twenty mirrors at once are one write, and each gets the same answer."""
    mirrors = [uuid4() for _ in range(20)]
    beats = (store.of(OURS).beat(mirror=mirror) for mirror in mirrors)
    assert len(set(await asyncio.gather(*beats))) == 1


async def test_who_has_left_is_not_waited_for(store: Store, database_url: str) -> None:
    """A process that ends in order says so: its successor need not have its disk."""
    left, next_one = uuid4(), uuid4()
    await store.of(OURS).beat(mirror=left)
    await MirrorRows(store.of(OURS).sql).leave(left)
    await outage(store, database_url)
    await store.of(OURS).beat(mirror=next_one)
    assert not await MirrorRows(store.of(OURS).sql).is_untold()


async def test_another_guild_is_not_kept(store: Store, database_url: str) -> None:
    """After an outage, a guild waits only for its own mirrors, not for those of another guild."""
    await outage(store, database_url, uuid4())
    await store.of(OTHERS).beat(mirror=uuid4())
    assert await MirrorRows(store.of(OURS).sql).is_untold()
    assert not await MirrorRows(store.of(OTHERS).sql).is_untold()


@pytest.mark.parametrize("days", [1, 2])
async def test_the_long_gone_are_forgotten(store: Store, database_url: str, days: int) -> None:
    """A container without a disk of its own leaves a row with each start."""
    await store.of(OURS).beat(mirror=uuid4())
    await aged(database_url, days * 86_400 + 1)
    alive = uuid4()
    await store.of(OURS).beat(mirror=alive)
    connection = await connect(database_url)
    rows = await connection.fetch("SELECT id FROM mirrors")
    await connection.close()
    assert [row["id"] for row in rows] == [alive]

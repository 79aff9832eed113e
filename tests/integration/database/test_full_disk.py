"""A full disk on which what is written every second still fits."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.errors import StorageUnavailable
from bot.storage.database import vitals
from bot.storage.database.pools import open_pool
from bot.storage.store import Store

OURS = 7


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store on a pool as the bot opens it."""
    pool = await open_pool(database_url)
    yield Store(pool)
    await pool.close()


async def test_a_job_that_found_no_room_counts_for_more_than_a_beat(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a job has found the disk full, the beats of every guild fail for a while.

    Deadlines are then kept without the database, and the alarm is raised. Another error changes nothing.
    """
    store.refused("ConnectionDoesNotExistError")
    await store.beat()
    store.refused("DiskFullError")
    for seen in (store, store.of(OURS)):
        with pytest.raises(StorageUnavailable, match="DiskFullError"):
            await seen.beat()
    monkeypatch.setattr(vitals, "FULL_S", 0.0)
    await store.beat()

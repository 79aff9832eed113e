"""The store on a database of its own, and what a test must be able to do around it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.dlq import DlqEntry, DlqTable
from bot.storage.dlq.store import PostgresDlqStore
from bot.storage.store import Store
from bot.storage.tables.installation import GuildFinder
from tests.services.database import Database
from tests.services.fixtures import database, share_a_loop, workers_database

__all__ = ["database", "workers_database"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them run in one event loop."""
    share_a_loop(items, Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A row of the queue."""

    name: str
    payload: str
    key: str
    priority: int
    due_at: datetime


class Rig:
    """A store that sees every guild's rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.store = Store(database.pool)
        self.finder = GuildFinder(self.store.sql)
        self.dlq = PostgresDlqStore(database.pool, DlqTable())
        self.leases = database.leases

    async def age_leases(self, seconds: float) -> None:
        """Let time pass for the leases."""
        await self._database.age_leases(seconds)

    def of(self, guild_id: int) -> Store:
        """The same tables as one guild sees them."""
        return self.store.of(guild_id)

    async def advance(self, delta: timedelta) -> None:
        """Move the time on."""
        await self._database.advance(delta)

    async def jobs(self) -> list[QueuedJob]:
        """What is queued, due or not, in the order it was enqueued."""
        rows = await self._database.fetch("SELECT * FROM pgqueuer WHERE status = 'queued' ORDER BY id")
        return [
            QueuedJob(
                row["entrypoint"],
                row["payload"].decode(),
                row["dedupe_key"],
                row["priority"],
                row["execute_after"],
            )
            for row in rows
        ]

    async def lose_jobs(self) -> None:
        """Empty the queue behind everybody's back."""
        await self._database.lose_jobs()

    async def execute(self, statement: str) -> None:
        """Change the database behind the bot's back."""
        await self._database.fetch(statement)

    async def put_failures(self, *entries: DlqEntry) -> None:
        """Write rows of the DLQ."""
        for entry in entries:
            await self._database.put_dlq_entry(entry)

    async def audited(self) -> list[tuple[str, str, bool, dict[str, object]]]:
        """What is on record, oldest first."""
        rows = await self._database.audit_rows()
        return [(row.actor_name, row.action, row.allowed, row.data) for row in rows]


@pytest.fixture
def rig(database: Database) -> Rig:
    """This test's."""
    return Rig(database)

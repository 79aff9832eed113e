"""A desk for the time without a database."""

from datetime import UTC, datetime

import pytest_asyncio

from tests.services.database import Database
from tests.services.desk import Desk


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database) -> Desk:
    """A desk whose database's time is ours."""
    await database.move_to(datetime.now(UTC))
    return Desk(database)

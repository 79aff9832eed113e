"""Count the round trips to PostgreSQL between the menu of a message and the form of its triage."""

from bot.domain.people import Person
from bot.services.triage.sources import TriageSources
from bot.storage.store import Store
from tests.integration.storage.examples import GUILD
from tests.postgres import open_patient_pool

_BY = Person(id=5, name="responder")
_THREAD, _MESSAGE = 500, 900


async def test_one_statement_before_the_form(database_url: str) -> None:
    """One statement answers everything that must be known before the form opens."""
    pool = await open_patient_pool(database_url, max_size=1)
    said = list[str]()
    try:
        sources = TriageSources(Store(pool, guild_id=GUILD))
        await sources.require_open(GUILD, _THREAD, _MESSAGE, by=_BY)  # the driver reads its types once
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda record: said.append(record.query))
        await sources.require_open(GUILD, _THREAD, _MESSAGE, by=_BY)
    finally:
        await pool.close()
    assert len(said) == 1, "\n".join(said)

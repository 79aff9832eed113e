"""The live check of the DLQ, on a real table: the failures of the last hour, and no older ones."""

from datetime import timedelta
from uuid import UUID

from bot.domain.dlq import DlqEntry
from bot.domain.systems import Fact, SystemState
from cogs.checks.systems import DlqFailures
from tests.services.desk import Desk


async def test_the_failures_of_the_last_hour_are_counted_and_no_older_ones(desk: Desk) -> None:
    """The DLQ check counts the failures of the last hour alone, and calls them degraded, not an outage.

    An hour later the check is fine again.
    """
    check = DlqFailures(desk.dlq_store)
    assert (await check.look()).fact is Fact.NO_FAILURES
    for number, minutes in enumerate((10, 59, 61, 300), start=1):
        at, name = desk.clock.time - timedelta(minutes=minutes), str(UUID(int=number))
        entry = DlqEntry(name, at, "p0-alerts", "P0", "5xx", 503, 3, "upstream", "failed", True, {})
        await desk.database.put_dlq_entry(entry)
    found = await check.look()
    assert (found.state, found.fact, found.values) == (SystemState.DEGRADED, Fact.FAILURES, {"count": "2"})
    await desk.database.advance(timedelta(hours=1))
    assert (await check.look()).state is SystemState.OK

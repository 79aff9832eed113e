"""Morning triages."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.incident import transitions
from bot.storage.tables.incidents import IncidentWrites
from cogs.morning_triage.rules import Morning, MorningView
from cogs.morning_triage.store import Mornings
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, open_incident
from tests.services.database import Database

DAY = date(2026, 11, 25)
NAG_AT = datetime(2026, 11, 25, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rig(database: Database) -> Rig:
    """A store that sees every guild's rows."""
    return Rig(database)


async def test_what_is_due_is_found_by_its_deadline(rig: Rig) -> None:
    """Unacknowledged incidents of given severities with a deadline before a moment are found.

    Another guild's are not.
    """
    first = await open_incident(rig.store, key="a", severity="SEV3")
    second = await open_incident(rig.store, key="b", severity="SEV3")
    taken = await open_incident(rig.store, key="c", severity="SEV3")
    await open_incident(rig.store, key="d")
    async with rig.store.transaction() as tx:
        now = await tx.now()
        acked = transitions.acknowledge(
            await IncidentWrites(tx.sql).incident(taken.id, lock=True),
            by=OLIVE,
            at=now,
            already_responding=False,
            next_update_at=None,
        )
        await IncidentWrites(tx.sql).save(acked.incident)
    async with rig.store.transaction() as tx:
        soon = first.ack_due_at + timedelta(seconds=1)
        assert await Mornings(tx.sql).due(GUILD, severities=["SEV3"], before=soon) == [first, second]
        assert await Mornings(tx.sql).due(GUILD, severities=["SEV3"], before=first.ack_due_at) == []
        assert await Mornings(tx.sql).due(GUILD, severities=[], before=soon) == []
        assert await Mornings(tx.sql).due(GUILD + 1, severities=["SEV3"], before=soon) == []


async def test_a_day_is_gathered_once(rig: Rig) -> None:
    """The second is refused; each guild and day has its own."""
    incident = await open_incident(rig.store)
    morning = Morning(GUILD, DAY, (incident.id,), NAG_AT)
    async with rig.store.transaction() as tx:
        assert await Mornings(tx.sql).claim(morning)
        assert not await Mornings(tx.sql).claim(Morning(GUILD, DAY, ()))
        assert await Mornings(tx.sql).claim(Morning(GUILD + 1, DAY, ()))
        assert await Mornings(tx.sql).claim(Morning(GUILD, DAY + timedelta(days=1), ()))
    view = MorningView(morning, (incident,))
    assert await Mornings(rig.store.sql).view(GUILD, DAY) == view
    assert await Mornings(rig.store.sql).view(GUILD, DAY - timedelta(days=1)) is None
    async with rig.store.transaction() as tx:
        assert await Mornings(tx.sql).locked(GUILD, DAY) == view
        await Mornings(tx.sql).save(morning.asked(following=None))
    stored = await Mornings(rig.store.sql).view(GUILD, DAY)
    assert stored is not None
    assert (stored.morning.nags, stored.morning.nag_at) == (1, None)


async def test_the_gatherings_of_an_incident(rig: Rig) -> None:
    """The mornings that gathered an incident are listed from a given day on, the oldest first."""
    incident = await open_incident(rig.store)
    days = [DAY - timedelta(days=8), DAY, DAY + timedelta(days=1)]
    mornings = [Morning(GUILD, day, (incident.id,)) for day in days]
    async with rig.store.transaction() as tx:
        for morning in (*mornings, Morning(GUILD, DAY + timedelta(days=2), ())):
            await Mornings(tx.sql).claim(morning)
    assert await Mornings(rig.store.sql).listing(incident, since=DAY - timedelta(days=7)) == mornings[1:]


async def test_an_overdue_morning_gets_its_job_again(rig: Rig) -> None:
    """An overdue morning gets its job again; one without a next reminder does not."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        await Mornings(tx.sql).claim(Morning(GUILD, DAY, (), now))
        await Mornings(tx.sql).claim(Morning(GUILD, DAY + timedelta(days=1), ()))
    await rig.advance(4 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"morning:{GUILD}:{DAY}"]
    (job,) = await rig.jobs()
    assert (job.name, job.payload) == ("morning", f"{GUILD}:{DAY}")

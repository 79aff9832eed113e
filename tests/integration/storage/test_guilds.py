"""A store of one guild: what is another's is not there. And whose a row is."""

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, UserError
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.triage.session import NewTriage
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import (
    GUILD,
    PERRY,
    counted_on,
    delivery_ids,
    open_incident,
    owed,
    send,
)

ELSEWHERE = GUILD + 1
ALERT, THREAD, PINNED, COUNTED = 11, 22, 33, 44


async def furnish(store: Store) -> tuple[int, int]:
    """An incident with a post, a thread, a pin and a counted alert, and a triage; their numbers."""
    incident = await open_incident(store)
    alert, thread = await delivery_ids(
        store,
        owed(DeliveryKind.ALERT, incident=incident.id),
        owed(DeliveryKind.THREAD, incident=incident.id),
    )
    await send(store, alert, message_id=ALERT)
    await send(store, thread, message_id=THREAD)
    async with store.transaction() as tx:
        now = await tx.now()
        pin = TimelineEntry(TimelineKind.PINNED, now, data={"message_id": PINNED})
        await TimelineRows(tx.sql).pin(incident.id, pin)
        await AlertRows(tx.sql).note_alert(
            counted_on(incident, channel_id=1, message_id=COUNTED, sender="77:Parky API")
        )
        new = NewTriage(GUILD, PERRY, "x", (), (), now, "interaction:2", None, None, None)
        triage, _ = await TriageRows(tx.sql).insert_triage(new, due_at=now)
    return incident.id, triage.id


async def test_its_own_guild_finds_everything(rig: Rig) -> None:
    """A guild's store finds its incident by number, message, thread, pin and counted alert.

    The triage and the unacknowledged incidents are found too.
    """
    number, triage = await furnish(rig.store)
    own = rig.of(GUILD)
    assert (await IncidentRows(own.sql).incident(number)).guild_id == GUILD
    assert await IncidentRows(own.sql).incident_by_thread(THREAD) == await IncidentRows(own.sql).incident(
        number
    )
    for message in (ALERT, COUNTED):
        found = await IncidentRows(own.sql).incident_by_message(message)
        assert found is not None
        assert found.id == number
    assert await TimelineRows(own.sql).pinned_in(PINNED) == [number]
    assert [one.id for one in await IncidentRows(own.sql).unacknowledged(after=0, limit=99)] == [number]
    assert (await TriageRows(own.sql).triage(triage)).id == triage
    async with own.transaction() as tx:
        assert (await IncidentWrites(tx.sql).incident(number, lock=True)).id == number
        assert (await TriageRows(tx.sql).triage(triage, lock=True)).id == triage
        assert await AlertRows(tx.sql).alert_of_message(COUNTED) == number


async def test_another_guild_finds_nothing(rig: Rig) -> None:
    """The store of another guild finds neither the incident nor the triage, however it asks.

    That is so within a transaction too.
    """
    number, triage = await furnish(rig.store)
    other = rig.of(ELSEWHERE)
    for message in (ALERT, COUNTED):
        assert await IncidentRows(other.sql).incident_by_message(message) is None
    assert await TimelineRows(other.sql).pinned_in(PINNED) == []
    assert await IncidentRows(other.sql).unacknowledged(after=0, limit=99) == []
    with pytest.raises(IncidentNotFound):
        await IncidentRows(other.sql).incident(number)
    assert await IncidentRows(other.sql).incident_by_thread(THREAD) is None
    with pytest.raises(UserError, match="triage_not_found"):
        await TriageRows(other.sql).triage(triage)
    async with other.transaction() as tx:
        assert await AlertRows(tx.sql).alert_of_message(COUNTED) is None
    for lock in (False, True):
        with pytest.raises(IncidentNotFound):
            async with other.transaction() as tx:
                await IncidentWrites(tx.sql).incident(number, lock=lock)
        with pytest.raises(UserError, match="triage_not_found"):
            async with other.transaction() as tx:
                await TriageRows(tx.sql).triage(triage, lock=lock)


async def test_what_is_linked_stays_within_the_guild(rig: Rig) -> None:
    """A link between two incidents is seen by their own guild and not by another one."""
    first, second = [await open_incident(rig.store, key=f"interaction:{n}") for n in (1, 2)]
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).link(first.id, second.id, by=PERRY)
    assert [one.id for one in await IncidentRows(rig.of(GUILD).sql).related(first.id)] == [second.id]
    assert await IncidentRows(rig.of(ELSEWHERE).sql).related(first.id) == []


async def test_whose_a_row_is(rig: Rig) -> None:
    """The finder over all guilds names the guild of a row, and None for a row that is not there.

    Rows are incidents, triages, deliveries, and messages that are posts or counted alerts.
    """
    number, triage = await furnish(rig.store)
    find = rig.finder
    assert await find.guild_of_incident(number) == GUILD
    assert await find.guild_of_triage(triage) == GUILD
    assert await find.guild_of_delivery(1) == GUILD
    for message in (ALERT, COUNTED):
        assert await find.guild_of_message(message) == GUILD
    assert await find.guild_of_incident(999) is None
    assert await find.guild_of_triage(999) is None
    assert await find.guild_of_delivery(999) is None
    assert await find.guild_of_message(PINNED) is None

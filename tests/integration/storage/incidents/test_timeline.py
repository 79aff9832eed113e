"""What is on a timeline once, who responds, and corrections."""

from datetime import timedelta

from bot.domain.audit import AuditData
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.tables.timeline import TimelineRows, TimelineWrites
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import OLIVE, PERRY, open_incident

MESSAGE = 1_445_000_000_000_000_001  # as long as Discord's ids are


def pinned(*, text: str = "再起動した") -> dict[str, object]:
    """What a pin carries."""
    return {"message_id": MESSAGE, "text": text, "author_name": "Perry"}


async def test_a_message_is_pinned_once_per_incident(rig: Rig) -> None:
    """A message is pinned once on each incident's timeline, however often and by whom."""
    first = await open_incident(rig.store)
    other = await open_incident(rig.store, key="other")
    at = first.triggered_at - timedelta(minutes=1)
    pin = TimelineEntry(TimelineKind.PINNED, at, OLIVE.id, OLIVE.name, pinned())
    async with rig.store.transaction() as tx:
        assert await TimelineRows(tx.sql).pin(first.id, pin)
        assert not await TimelineRows(tx.sql).pin(first.id, pin)
        assert await TimelineRows(tx.sql).pin(other.id, pin)
    async with rig.store.transaction() as tx:
        assert not await TimelineRows(tx.sql).pin(
            first.id, TimelineEntry(TimelineKind.PINNED, at, PERRY.id, PERRY.name, pinned())
        )
    assert await TimelineRows(rig.store.sql).pinned_in(MESSAGE) == [first.id, other.id]
    assert await TimelineRows(rig.store.sql).pinned_in(MESSAGE + 1) == []
    (kept,) = await TimelineRows(rig.store.sql).timeline(first.id)
    assert (kept.kind, kept.at, kept.actor_name, kept.data) == (TimelineKind.PINNED, at, "Olive", pinned())
    assert kept.is_late


async def test_words_are_filled_in_once(rig: Rig) -> None:
    """A pin without words takes them; words that are there stay."""
    incident = await open_incident(rig.store)
    bare = TimelineEntry(
        TimelineKind.PINNED, incident.triggered_at, data={**pinned(text=""), "is_readable": False}
    )
    async with rig.store.transaction() as tx:
        assert not await TimelineRows(tx.sql).fill_pin(incident.id, MESSAGE, data={"text": "too early"})
        await TimelineRows(tx.sql).pin(incident.id, bare)
        assert await TimelineRows(tx.sql).fill_pin(
            incident.id, MESSAGE, data={"text": "読めた", "is_readable": True}
        )
        assert not await TimelineRows(tx.sql).fill_pin(incident.id, MESSAGE, data={"text": "もう一度"})
    (kept,) = await TimelineRows(rig.store.sql).timeline(incident.id)
    assert kept.said == "読めた"
    assert kept.data == {**pinned(text="読めた"), "is_readable": True}


async def test_a_correction_points_at_what_it_puts_right(rig: Rig) -> None:
    """A correction is kept beside the entry that it names.

    Both have numbers of their own and the time of writing.
    """
    incident = await open_incident(rig.store)
    at = incident.triggered_at
    async with rig.store.transaction() as tx:
        await TimelineWrites(tx.sql).add_timeline(
            incident.id, TimelineEntry(TimelineKind.NOTE, at, data={"text": "14:10"})
        )
        (note,) = await TimelineRows(tx.sql).timeline(incident.id)
        fix = TimelineEntry(TimelineKind.CORRECTED, at, data={"text": "14:12"}, corrects=note.id)
        await TimelineWrites(tx.sql).add_timeline(incident.id, fix)
    first, second = await TimelineRows(rig.store.sql).timeline(incident.id)
    assert (first.id, second.corrects) == (note.id, note.id)
    assert second.id != first.id
    assert first.recorded_at == second.recorded_at is not None


async def test_an_act_is_on_the_timeline_and_in_the_audit(rig: Rig) -> None:
    """A recorded act is on the timeline and in the audit, each with its own data."""
    incident = await open_incident(rig.store)
    entry = TimelineEntry(
        TimelineKind.JOINED, incident.triggered_at, OLIVE.id, OLIVE.name, data={"via": "button"}
    )
    audited = AuditData(incident.id, facts={"via": "button"})
    async with rig.store.transaction() as tx:
        await TimelineWrites(tx.sql).record(incident, entry, by=OLIVE, data=audited)
    (kept,) = await TimelineRows(rig.store.sql).timeline(incident.id)
    assert (kept.kind, kept.at, kept.actor_name, kept.data) == (entry.kind, entry.at, "Olive", entry.data)
    assert await rig.audited() == [("Olive", "joined", True, {"incident_id": incident.id, "via": "button"})]

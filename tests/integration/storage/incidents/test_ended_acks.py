"""Acknowledgements that end before their incident does."""

from collections.abc import Sequence
from datetime import timedelta

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.escalation.ladder import Step, StepStatus, plan
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.severity import LadderStep, Mention
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryAttempts
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.outage import MirrorRows
from bot.storage.transaction import Transaction
from tests.by_person import id_of
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import OLIVE, PERRY, delivery_ids, open_incident, owed, send

MINUTE = timedelta(minutes=1)
LADDER = (
    LadderStep(timedelta(), dm=("primary",)),
    LadderStep(15 * MINUTE, Mention.HERE, ("primary",)),
    LadderStep(30 * MINUTE, Mention.HERE, ("primary",)),
)


async def acknowledge(tx: Transaction, incident: Incident, *, by: Person) -> Incident:
    """As the acknowledger writes it."""
    now = await tx.now()
    due = now + 30 * MINUTE
    result = transitions.acknowledge(incident, by=by, at=now, already_responding=False, next_update_at=due)
    entry = TimelineEntry(TimelineKind.ACKNOWLEDGED, now, actor_id=by.id, actor_name=by.name)
    data = AuditData(incident.id)
    await AcknowledgementWrites(tx.sql).acknowledge(
        result.incident, entry, by=by, via=AckVia.BUTTON, data=data
    )
    return result.incident


async def end(tx: Transaction, incident: Incident) -> Incident:
    """As it lapses."""
    ended = transitions.end_ack(incident, at=await tx.now(), lapsed=True)
    await IncidentWrites(tx.sql).save(ended)
    await AcknowledgementWrites(tx.sql).leave(incident.id)
    return ended


async def with_ladder(store: Store) -> Incident:
    """An incident whose first step is done."""
    incident = await open_incident(store)
    at = incident.triggered_at
    steps = plan(LADDER, incident_id=incident.id, starts_at=at, ack_due_at=incident.ack_due_at)
    async with store.transaction() as tx:
        await EscalationWrites(tx.sql).insert_steps(steps)
        await EscalationWrites(tx.sql).claim_step(incident.id, 0)
        await EscalationWrites(tx.sql).finish_steps(steps[:1])
    return incident


def waiting(steps: Sequence[Step], incident: Incident) -> list[tuple[int, timedelta]]:
    """What is to come, and how long after the alert."""
    left = (step for step in steps if step.status is StepStatus.PENDING)
    return [(step.index, step.due_at - incident.triggered_at) for step in left]


async def test_the_first_acknowledge_stays_and_the_next_one_is_kept(rig: Rig) -> None:
    """The first acknowledge stays; the person on it is the latest one, and none after a lapse."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        first = await acknowledge(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True), by=OLIVE)
    assert await IncidentRows(rig.store.sql).incident(incident.id) == first
    await rig.advance(45 * MINUTE)
    async with rig.store.transaction() as tx:
        ended = await end(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True))
    assert await IncidentRows(rig.store.sql).incident(incident.id) == ended
    assert (ended.on_it, id_of(ended.acknowledged), ended.updates.remind_at) == (None, OLIVE.id, None)
    async with rig.store.transaction() as tx:
        again = await acknowledge(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True), by=PERRY)
    assert await IncidentRows(rig.store.sql).incident(incident.id) == again
    assert again.on_it is not None
    assert (again.on_it.id, id_of(again.acknowledged)) == (PERRY.id, OLIVE.id)


async def test_whoever_left_is_on_it_again_by_joining_anew(rig: Rig) -> None:
    """The list of responders keeps everybody; who is on it now is a part of them."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        for person in (OLIVE, PERRY):
            assert await AcknowledgementWrites(tx.sql).join(incident.id, person, via=AckVia.BUTTON)
        assert [one.id for one in await AcknowledgementRows(tx.sql).on_it(incident.id)] == [
            OLIVE.id,
            PERRY.id,
        ]
        await AcknowledgementWrites(tx.sql).leave(incident.id, OLIVE.id)
        assert [one.id for one in await AcknowledgementRows(tx.sql).on_it(incident.id)] == [PERRY.id]
    assert set(await AcknowledgementRows(rig.store.sql).who_left(incident.id)) == {OLIVE.id}
    async with rig.store.transaction() as tx:
        assert await AcknowledgementWrites(tx.sql).join(incident.id, OLIVE, via=AckVia.BUTTON)
        assert not await AcknowledgementWrites(tx.sql).join(incident.id, OLIVE, via=AckVia.BUTTON)
        await AcknowledgementWrites(tx.sql).leave(incident.id)
        assert await AcknowledgementRows(tx.sql).on_it(incident.id) == []
    assert set(await AcknowledgementRows(rig.store.sql).who_left(incident.id)) == {OLIVE.id, PERRY.id}
    assert len(await AcknowledgementRows(rig.store.sql).responders(incident.id)) == 2


async def test_a_role_alone_is_no_acknowledgement(rig: Rig) -> None:
    """A responder who joined with a role is left out of those who acknowledged, until they acknowledge."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        join, on_it = AcknowledgementWrites(tx.sql).join, AcknowledgementRows(tx.sql).on_it
        assert await join(incident.id, OLIVE, via=AckVia.ROLE)
        assert await on_it(incident.id, has_acknowledged=True) == []
        assert await join(incident.id, OLIVE, via=AckVia.BUTTON)
        assert not await join(incident.id, OLIVE, via=AckVia.ROLE), "a role takes nothing back"
        assert [one.id for one in await on_it(incident.id, has_acknowledged=True)] == [OLIVE.id]
        await AcknowledgementWrites(tx.sql).leave(incident.id)
        assert await join(incident.id, OLIVE, via=AckVia.ROLE), "who comes back with a role has only that"
        assert await on_it(incident.id, has_acknowledged=True) == []


async def test_whoever_comes_back_comes_after_those_who_stayed(rig: Rig) -> None:
    """A responder who left and comes back is last in the order, whether by joining or by acknowledging."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        for person in (OLIVE, PERRY):
            await AcknowledgementWrites(tx.sql).join(incident.id, person, via=AckVia.BUTTON)
        await AcknowledgementWrites(tx.sql).leave(incident.id, OLIVE.id)
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        await AcknowledgementWrites(tx.sql).join(incident.id, OLIVE, via=AckVia.BUTTON)
        assert [one.id for one in await AcknowledgementRows(tx.sql).on_it(incident.id)] == [
            PERRY.id,
            OLIVE.id,
        ]
        await AcknowledgementWrites(tx.sql).leave(incident.id)
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        await acknowledge(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True), by=PERRY)
    assert [one.id for one in await AcknowledgementRows(rig.store.sql).responders(incident.id)] == [
        OLIVE.id,
        PERRY.id,
    ]


async def test_a_ladder_goes_on_from_where_it_was(rig: Rig) -> None:
    """A resumed ladder keeps the times of its steps if these are still to come.

    Else the next step comes at once and the others as far behind it as before. Nothing is resumed if nothing
    was stopped, or for another priority.
    """
    incident = await with_ladder(rig.store)
    async with rig.store.transaction() as tx:
        assert not await EscalationWrites(tx.sql).resume_ladder(
            incident.id, since=await tx.now(), priority=100
        ), "nothing stopped"
        await EscalationWrites(tx.sql).cancel_ladder(incident.id)
        assert await EscalationWrites(tx.sql).resume_ladder(
            incident.id, since=incident.triggered_at + MINUTE, priority=100
        )
    assert waiting(await EscalationRows(rig.store.sql).steps(incident.id), incident) == [
        (1, 15 * MINUTE),
        (2, 30 * MINUTE),
    ]
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).cancel_ladder(incident.id)
        assert not await EscalationWrites(tx.sql).resume_ladder(
            incident.id, since=await tx.now(), priority=90
        ), "of another one"
        since = incident.triggered_at + 60 * MINUTE
        assert await EscalationWrites(tx.sql).resume_ladder(incident.id, since=since, priority=100)
    steps = await EscalationRows(rig.store.sql).steps(incident.id)
    assert waiting(steps, incident) == [(1, 60 * MINUTE), (2, 75 * MINUTE)]
    assert [step.rung.after for step in steps] == [timedelta(), 60 * MINUTE, 75 * MINUTE]


async def test_without_a_database_an_old_eye_of_whoever_left_does_not_count(rig: Rig) -> None:
    """Without the database, an old 👀 of an ended acknowledge does not count; other people's do."""
    incident = await with_ladder(rig.store)
    [old] = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    await begin_and_send(rig, old, message_id=900)
    [watch] = await MirrorRows(rig.store.sql).watched(without=(), limit=9)
    assert (watch.places, watch.left, watch.old_messages) == (((50, 900),), (), ())
    async with rig.store.transaction() as tx:
        await acknowledge(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True), by=OLIVE)
    await rig.advance(45 * MINUTE)
    async with rig.store.transaction() as tx:
        ended = await end(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True))
        await EscalationWrites(tx.sql).resume_ladder(incident.id, since=await tx.now(), priority=100)
    await rig.advance(MINUTE)
    [watch] = await MirrorRows(rig.store.sql).watched(without=(), limit=9)
    assert (watch.places, watch.left, watch.old_messages) == (((50, 900),), (OLIVE.id,), (900,))
    [new] = await delivery_ids(rig.store, owed(DeliveryKind.ESCALATION, incident=ended.id))
    await begin_and_send(rig, new, message_id=901)
    [watch] = await MirrorRows(rig.store.sql).watched(without=(), limit=9)
    assert set(watch.places) == {(50, 900), (50, 901)}
    assert not watch.counts(OLIVE.id, 900)
    assert watch.counts(OLIVE.id, 901)
    assert watch.counts(PERRY.id, 900)


async def begin_and_send(rig: Rig, delivery_id: int, *, message_id: int) -> None:
    """An attempt that arrives."""
    request = Request(Action.MESSAGE, 50, None, {"content": "x"})
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).begin_attempt(delivery_id, request, version=1)
    await send(rig.store, delivery_id, message_id=message_id)

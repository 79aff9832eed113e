"""Incidents, their history and their ladder."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audit import AuditData
from bot.domain.errors import IncidentNotFound
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentFilter, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.jobs import Job, JobName
from bot.domain.severity import LadderStep, Mention
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.timeline import AuditRows, TimelineRows, TimelineWrites
from tests.by_person import name_of
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, PERRY, new_incident, open_incident

MINUTE = timedelta(minutes=1)


class Whim(Exception):
    """Something goes wrong in the caller."""


async def test_an_incident_comes_back_as_it_was_opened(rig: Rig) -> None:
    """Every field survives, the transaction's time is when it was triggered."""
    incident = await open_incident(rig.store)
    new = new_incident(incident.triggered_at)
    assert (incident.guild_id, incident.severity, incident.priority) == (GUILD, "SEV1", "P0")
    assert (incident.title, incident.targets, incident.symptoms) == (new.title, new.targets, new.symptoms)
    assert (incident.path, incident.started_at) == (new.path, new.started_at)
    assert incident.ack_due_at == incident.triggered_at + 15 * MINUTE
    assert (incident.reported_by.id, incident.reported_by.name) == (PERRY.id, PERRY.name)
    assert (incident.status, incident.version) == (Status.TRIGGERED, 1)
    assert await IncidentRows(rig.store.sql).incident(incident.id) == incident


async def test_the_same_key_opens_one_incident(rig: Rig) -> None:
    """A second attempt of the same interaction gets the first one's incident."""
    first = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        again, is_new = await IncidentWrites(tx.sql).insert_incident(
            replace(new_incident(now), title="another"), priority="P0", ack_due_at=now
        )
        assert await IncidentRows(tx.sql).incident_by_key("interaction:1") == first
        assert await IncidentRows(tx.sql).incident_by_key("interaction:2") is None
    assert (again, is_new) == (first, False)


async def test_an_error_undoes_the_whole_transaction(rig: Rig) -> None:
    """State, history and jobs are committed together or not at all."""
    incident = await open_incident(rig.store)

    async def change_and_fail() -> None:
        async with rig.store.transaction() as tx:
            await IncidentWrites(tx.sql).set_places(incident.id, thread_id=5)
            await TimelineWrites(tx.sql).add_timeline(
                incident.id, TimelineEntry(TimelineKind.NOTE, await tx.now())
            )
            await tx.enqueue(Job(JobName.REFRESH, "1", "refresh:1"))
            raise Whim

    with pytest.raises(Whim):
        await change_and_fail()
    assert await IncidentRows(rig.store.sql).incident(incident.id) == incident
    assert await TimelineRows(rig.store.sql).timeline(incident.id) == []
    assert await rig.jobs() == []


async def test_unknown_incidents_are_not_found(rig: Rig) -> None:
    """An unknown incident is not found by number or by thread, nor within a transaction."""
    with pytest.raises(IncidentNotFound):
        await IncidentRows(rig.store.sql).incident(404)
    assert await IncidentRows(rig.store.sql).incident_by_thread(404) is None
    with pytest.raises(IncidentNotFound):
        async with rig.store.transaction() as tx:
            await IncidentWrites(tx.sql).incident(404, lock=True)
    with pytest.raises(IncidentNotFound):
        async with rig.store.transaction() as tx:
            await IncidentWrites(tx.sql).set_places(404, thread_id=1)


async def test_saving_needs_the_version_before(rig: Rig) -> None:
    """A change decided on an old state is a bug, and loud."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        known = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
        now = await tx.now()
        result = transitions.acknowledge(
            known, by=OLIVE, at=now, already_responding=False, next_update_at=None
        )
        await IncidentWrites(tx.sql).save(result.incident)
    saved = await IncidentRows(rig.store.sql).incident(incident.id)
    assert (saved.status, name_of(saved.acknowledged), saved.version) == (Status.ACKNOWLEDGED, "Olive", 2)
    assert saved == result.incident
    with pytest.raises(RuntimeError):
        async with rig.store.transaction() as tx:
            await IncidentWrites(tx.sql).save(result.incident)


async def test_places_are_remembered_and_kept_by_later_saves(rig: Rig) -> None:
    """The alert and the thread arrive one by one, each a visible change."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).set_places(incident.id, alert=(50, 60))
        await IncidentWrites(tx.sql).set_places(incident.id, thread_id=60)
        placed = await IncidentRows(tx.sql).incident(incident.id)
        changed = replace(placed, targets=("a", "b"), symptoms=(), version=placed.version + 1)
        await IncidentWrites(tx.sql).save(changed)
    assert (changed.post.channel_id, changed.post.message_id, changed.thread.id) == (50, 60, 60)
    assert (changed.targets, changed.symptoms, changed.version) == (("a", "b"), (), 4)
    assert await IncidentRows(rig.store.sql).incident_by_thread(60) == changed


async def test_a_responder_joins_once(rig: Rig) -> None:
    """Joining a second time, even in another way, is reported as no change."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        assert await AcknowledgementWrites(tx.sql).join(incident.id, OLIVE, via=AckVia.REACTION)
        assert not await AcknowledgementWrites(tx.sql).join(incident.id, OLIVE, via=AckVia.BUTTON)
        assert await AcknowledgementWrites(tx.sql).join(incident.id, PERRY, via=AckVia.ROLE)


async def test_nobody_joins_what_has_ended(rig: Rig) -> None:
    """Nobody can join an incident that has ended, or one that does not exist."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(transitions.resolve(incident, by=OLIVE, at=await tx.now()))
        assert not await AcknowledgementWrites(tx.sql).join(incident.id, PERRY, via=AckVia.BUTTON)
        assert not await AcknowledgementWrites(tx.sql).join(incident.id + 1, PERRY, via=AckVia.BUTTON)
    assert await AcknowledgementRows(rig.store.sql).responders(incident.id) == []


async def test_history_is_told_oldest_first(rig: Rig) -> None:
    """A timeline is ordered by time, and in order of writing within the same moment."""
    incident = await open_incident(rig.store)
    at = incident.triggered_at
    later = TimelineEntry(TimelineKind.NOTE, at + MINUTE, 7, "Olive", {"text": "見ています"})
    first, second = TimelineEntry(TimelineKind.OPENED, at), TimelineEntry(TimelineKind.PAGED, at)
    async with rig.store.transaction() as tx:
        await TimelineWrites(tx.sql).add_timeline(incident.id, later)
        await TimelineWrites(tx.sql).add_timeline(incident.id, first, second)
    assert await TimelineRows(rig.store.sql).timeline(incident.id) == [first, second, later]


async def test_lists_of_incidents(rig: Rig) -> None:
    """Open ones and all by age, a period half open, the unacknowledged of all guilds."""
    minor = await open_incident(rig.store, key="a", severity="SEV2")
    await rig.advance(MINUTE)
    old = await open_incident(rig.store, key="b")
    await rig.advance(MINUTE)
    new = await open_incident(rig.store, key="c")
    store: Store = rig.store
    assert await IncidentRows(store.sql).open_incidents(GUILD) == [minor, old, new]
    assert await IncidentRows(store.sql).list_incidents(GUILD, IncidentFilter(), limit=2, offset=0) == [
        new,
        old,
    ]
    assert await IncidentRows(store.sql).list_incidents(GUILD, IncidentFilter(), limit=2, offset=2) == [minor]
    assert await IncidentRows(store.sql).incidents_between(GUILD, minor.triggered_at, new.triggered_at) == [
        minor,
        old,
    ]
    assert await IncidentRows(store.sql).unacknowledged(after=0, limit=10) == [minor, old, new]
    assert await IncidentRows(store.sql).open_incidents(GUILD + 1) == []
    async with store.transaction() as tx:
        resolved = transitions.resolve(
            await IncidentWrites(tx.sql).incident(old.id, lock=True), by=OLIVE, at=await tx.now()
        )
        await IncidentWrites(tx.sql).save(resolved)
    assert await IncidentRows(store.sql).open_incidents(GUILD) == [minor, new]
    assert await IncidentRows(store.sql).list_incidents(GUILD, IncidentFilter(), limit=9, offset=0) == [
        new,
        minor,
        resolved,
    ]
    assert await IncidentRows(store.sql).list_incidents(GUILD, IncidentFilter(), limit=9, offset=2) == [
        resolved
    ]
    assert await IncidentRows(store.sql).list_incidents(
        GUILD, IncidentFilter(statuses=frozenset([Status.RESOLVED])), limit=9, offset=0
    ) == [resolved]
    assert await IncidentRows(store.sql).unacknowledged(after=0, limit=10) == [minor, new]


async def test_a_list_begins_with_the_unacknowledged_by_severity(rig: Rig) -> None:
    """Unacknowledged incidents come first, then acknowledged ones, both by severity; ended ones by age."""
    by_severity = ("SEV1", "SEV2")
    opened: list[Incident] = []
    for severity in ("SEV1", "SEV2", "SEV1", "SEV2", "SEV1", "SEV2"):
        opened.append(await open_incident(rig.store, key=f"{len(opened)}", severity=severity))
        await rig.advance(MINUTE)
    grave, minor, grave_taken, minor_taken, grave_over, minor_over = opened
    async with rig.store.transaction() as tx:
        for one in (grave_taken, minor_taken):
            taken = await IncidentWrites(tx.sql).incident(one.id, lock=True)
            done = transitions.acknowledge(
                taken, by=OLIVE, at=await tx.now(), already_responding=False, next_update_at=None
            )
            await IncidentWrites(tx.sql).save(done.incident)
        for one in (grave_over, minor_over):
            await IncidentWrites(tx.sql).save(
                transitions.resolve(
                    await IncidentWrites(tx.sql).incident(one.id, lock=True), by=OLIVE, at=await tx.now()
                )
            )
    listed = await IncidentRows(rig.store.sql).list_incidents(
        GUILD, IncidentFilter(by_severity=by_severity), limit=9, offset=0
    )
    assert [one.id for one in listed] == [
        one.id for one in (grave, minor, grave_taken, minor_taken, minor_over, grave_over)
    ]


async def test_a_ladder_is_decided_step_by_step(rig: Rig) -> None:
    """A ladder's finished step is not claimed again, and the steps that are left are cancelled once."""
    incident = await open_incident(rig.store)
    rungs = (
        LadderStep(20 * MINUTE, Mention.HERE, repeat=4 * MINUTE, repeat_up_to=3),
        LadderStep(MINUTE, dm=("primary", "secondary")),
    )
    steps = [
        Step(incident.id, index, incident.triggered_at + (rung.after or timedelta()), rung)
        for index, rung in enumerate(rungs)
    ]
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).insert_steps(steps)
        assert await EscalationRows(tx.sql).steps(incident.id) == [steps[1], steps[0]]
    async with rig.store.transaction() as tx:
        assert await EscalationWrites(tx.sql).claim_step(incident.id, 1) == steps[1]
        await EscalationWrites(tx.sql).finish_steps([steps[1]])
        assert await EscalationWrites(tx.sql).claim_step(incident.id, 1) is None
        assert await EscalationWrites(tx.sql).cancel_ladder(incident.id) == [0]
        assert await EscalationWrites(tx.sql).cancel_ladder(incident.id) == []
    statuses = [step.status for step in await EscalationRows(rig.store.sql).steps(incident.id)]
    assert statuses == [StepStatus.DONE, StepStatus.CANCELLED]


async def test_a_guild_is_registered_once(rig: Rig) -> None:
    """A guild that is registered again keeps the time of its first registration."""
    first = await InstallationRows(rig.store.sql).register_guild(GUILD)
    await rig.advance(MINUTE)
    assert await InstallationRows(rig.store.sql).register_guild(GUILD) == first
    assert await rig.store.now() >= first + MINUTE


async def test_audit_takes_what_it_is_given(rig: Rig) -> None:
    """An audit row is stored with the data that it was given, or with none, whether allowed or refused."""
    await AuditRows(rig.store.sql).audit(guild_id=GUILD, by=OLIVE, action="resolve", allowed=False)
    data = AuditData(1, facts={"via": "button"})
    await AuditRows(rig.store.sql).audit(guild_id=GUILD, by=OLIVE, action="resolve", allowed=True, data=data)
    assert await rig.audited() == [
        (OLIVE.name, "resolve", False, {}),
        (OLIVE.name, "resolve", True, {"incident_id": 1, "via": "button"}),
    ]


async def test_an_incident_locked_from_the_beginning_is_as_it_was_read(rig: Rig) -> None:
    """An incident that changed before it was locked is read again."""
    known = await open_incident(rig.store)
    async with rig.store.transaction(locking=known.id) as tx:
        assert await IncidentWrites(tx.sql).incident(known.id, lock=True, known=known) == known
        now = await tx.now()
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(changed := transitions.resolve(known, by=OLIVE, at=now))
    async with rig.store.transaction(locking=known.id) as tx:
        assert await IncidentWrites(tx.sql).incident(known.id, lock=True, known=known) == changed


async def test_only_ones_own_incident_is_locked(rig: Rig) -> None:
    """An incident of another guild cannot be locked, nor one with an unknown number."""
    known = await open_incident(rig.store)
    for store, number in ((rig.of(GUILD + 1), known.id), (rig.of(GUILD), known.id + 1)):
        async with store.transaction(locking=number) as tx:
            with pytest.raises(IncidentNotFound):
                await IncidentWrites(tx.sql).incident(number, lock=True, known=replace(known, id=number))
            assert not await AcknowledgementWrites(tx.sql).join(number, OLIVE, via=AckVia.BUTTON)
    assert await AcknowledgementRows(rig.store.sql).responders(known.id) == []

"""What the store does with many at once: claims, bundles, counts."""

from datetime import timedelta

from bot.domain.delivery.delivery import DeliveryStatus, NewDelivery, Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.escalation.pages import Group
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, Status
from bot.domain.jobs import Job, JobName
from bot.domain.severity import LadderStep, Mention
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.store import Store
from bot.storage.tables.bundles import BundleRows, BundleWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryFacts, DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, OpenCount
from bot.storage.tables.timeline import TimelineRows, TimelineWrites
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, open_incident

MINUTE = timedelta(minutes=1)
HERE = LadderStep(15 * MINUTE, Mention.HERE, ("primary",))
GROUP = Group(GUILD, DeliveryKind.ESCALATION, "channel:p0-alerts", "SEV1", "here", 100)
REQUEST = Request(Action.MESSAGE, 50, None, {"content": "many"})


async def with_ladder(rig: Rig, number: int, *, priority: int = 100, severity: str = "SEV1") -> Incident:
    """An incident whose first step is due now, and whose second is not."""
    incident = await open_incident(rig.store, key=f"k{number}", severity=severity)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        first = Step(incident.id, 0, now, HERE, starts_at=now - 15 * MINUTE, priority=priority)
        second = Step(incident.id, 1, now + 15 * MINUTE, HERE, starts_at=now, priority=priority)
        await EscalationWrites(tx.sql).insert_steps([first, second])
        await tx.enqueue(Job(JobName.ESCALATE, f"{incident.id}:0", f"step:{incident.id}:0", priority))
    return incident


def escalation(incident: Incident, *, step: int = 0, mention: str = "here") -> NewDelivery:
    """Return the delivery of a step to the channel."""
    return NewDelivery(
        DeliveryKind.ESCALATION,
        "channel:p0-alerts",
        f"inc:{incident.id}:step:{step}:channel",
        GUILD,
        incident_id=incident.id,
        data={"mention": mention},
        priority=100,
    )


def page(incident: Incident) -> NewDelivery:
    """A DM."""
    key = f"inc:{incident.id}:step:0:dm:primary"
    return NewDelivery(DeliveryKind.PAGE, "person:primary", key, GUILD, incident_id=incident.id, priority=100)


async def owe(store: Store, *new: NewDelivery) -> list[int]:
    """Store them; their ids."""
    async with store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries(new)
    found = [await DeliveryRows(store.sql).delivery_by_key(one.key) for one in new]
    return [one.id for one in found if one is not None]


async def bundled(rig: Rig, count: int) -> tuple[int, list[Incident], list[int]]:
    """A bundle of *count* escalations, each of an incident."""
    incidents = [await open_incident(rig.store, key=f"k{number}") for number in range(count)]
    ids = await owe(rig.store, *map(escalation, incidents))
    async with rig.store.transaction() as tx:
        bundle_id = await BundleWrites(tx.sql).bundle(GROUP)
    return bundle_id, incidents, ids


async def acknowledge(rig: Rig, incident: Incident) -> None:
    """Acknowledge the incident."""
    async with rig.store.transaction() as tx:
        locked = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
        now = await tx.now()
        done = transitions.acknowledge(
            locked, by=OLIVE, at=now, already_responding=False, next_update_at=None
        )
        await IncidentWrites(tx.sql).save(done.incident)
        await EscalationWrites(tx.sql).cancel_ladder(incident.id)


async def statuses(rig: Rig, ids: list[int]) -> list[DeliveryStatus]:
    """What became of deliveries."""
    return [(await DeliveryRows(rig.store.sql).delivery(one)).status for one in ids]


async def prospect(rig: Rig, delivery_id: int, *, at_most: int = 9) -> DeliveryFacts:
    """What is known of a delivery before it is sent."""
    found = await DeliveryRows(rig.store.sql).before_sending(delivery_id, at_most=at_most)
    assert found is not None
    assert found.delivery == await DeliveryRows(rig.store.sql).delivery(delivery_id)
    return found


async def alike(rig: Rig, delivery_id: int, *, at_most: int = 9) -> tuple[Group, int] | None:
    """What it could be told of with, and how many there are."""
    found = await DeliveryRows(rig.store.sql).before_sending(delivery_id, at_most=at_most)
    return None if found is None or found.group is None else (found.group, found.waiting)


async def test_due_steps_are_claimed_with_all_that_their_decision_needs(rig: Rig) -> None:
    """The most severe first when there are too many; who was told, who was not, and what follows."""
    minor = await with_ladder(rig, 1, priority=80, severity="SEV2")
    grave = await with_ladder(rig, 2)
    [told, untold] = await owe(rig.store, page(grave), page(minor))
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).finish_sent(told, Posted(5, 6))
        now = await tx.now()
    assert [one.id for one in await EscalationRows(rig.store.sql).due_incidents(now, limit=9)] == [
        grave.id,
        minor.id,
    ]
    assert await alike(rig, told) is None
    longest = min(
        [step.due_at for one in (grave, minor) for step in await EscalationRows(rig.store.sql).steps(one.id)]
    )
    assert (await prospect(rig, untold)).due_since == longest
    async with rig.store.transaction() as tx:
        [due] = await EscalationWrites(tx.sql).claim_due(now, limit=1)
        assert (due.incident, due.step.index, due.step.priority) == (grave, 0, 100)
        assert due.following is not None
        assert (due.following.index, dict(due.notified), due.unreached) == (1, {"primary": 1}, ())
        await EscalationWrites(tx.sql).finish_steps([due.step])
        await TimelineWrites(tx.sql).add_timelines(
            [(grave.id, TimelineEntry(TimelineKind.ESCALATED, now, data={"step": 0}))]
        )
    async with rig.store.transaction() as tx:
        assert [one.incident.id for one in await EscalationWrites(tx.sql).claim_due(now, limit=9)] == [
            minor.id
        ]
        assert await EscalationWrites(tx.sql).claim_due(now - MINUTE, limit=9) == []
    assert [job.key for job in await rig.jobs() if job.name == "escalate"] == [f"step:{minor.id}:0"]
    assert [entry.kind for entry in await TimelineRows(rig.store.sql).timeline(grave.id)] == [
        TimelineKind.ESCALATED
    ]


async def test_all_steps_of_an_incident_that_are_due_are_claimed_as_one(rig: Rig) -> None:
    """All due steps of an incident are claimed together, and the last of them counts.

    The first step that is still to come is named, but stays pending and is not claimed.
    """
    incident = await with_ladder(rig, 1)
    async with rig.store.transaction() as tx:
        later = (await tx.now()) + 30 * MINUTE
        await EscalationWrites(tx.sql).insert_steps(
            [Step(incident.id, 2, later, HERE, starts_at=later, priority=100)]
        )
        [due] = await EscalationWrites(tx.sql).claim_due(later - MINUTE, limit=9)
        assert [step.index for step in due.steps] == [0, 1]
        assert (due.step.index, due.following and due.following.index, due.last_index) == (1, 2, 2)
        await EscalationWrites(tx.sql).finish_steps(due.steps)
    left = {step.index: step.status for step in await EscalationRows(rig.store.sql).steps(incident.id)}
    assert left == {0: StepStatus.DONE, 1: StepStatus.DONE, 2: StepStatus.PENDING}
    async with rig.store.transaction() as tx:
        assert await EscalationWrites(tx.sql).claim_due(later - MINUTE, limit=9) == []


async def test_decisions_that_are_due_are_put_off_and_others_are_not(rig: Rig) -> None:
    """Only decisions that are due are postponed, and they become due again by themselves."""
    incident = await with_ladder(rig, 1)
    async with rig.store.transaction() as tx:
        await tx.enqueue(Job(JobName.ESCALATE, "1:1", "step:1:1", 100, 15 * MINUTE))
        now = await tx.now()
    await EscalationRows(rig.store.sql).put_off_steps(timedelta(seconds=2))
    due = {job.key: job.due_at - now for job in await rig.jobs()}
    assert timedelta(seconds=2) <= due[f"step:{incident.id}:0"] < timedelta(seconds=30)
    assert due["step:1:1"] == 15 * MINUTE


async def test_looks_ahead_are_put_off_until_the_step_is_due(rig: Rig) -> None:
    """A job that comes before its step is due can be put off until then.

    The job of a due step is not put off with it. Putting due steps off does not move the early job.
    """
    overdue = await with_ladder(rig, 1)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        await tx.enqueue(Job(JobName.ESCALATE, f"{overdue.id}:1", f"step:{overdue.id}:1", 100))
    first, second = f"step:{overdue.id}:0", f"step:{overdue.id}:1"
    await EscalationRows(rig.store.sql).put_off_until_due()
    due = {job.key: job.due_at for job in await rig.jobs()}
    assert due[first] <= now
    assert due[second] == (await EscalationRows(rig.store.sql).steps(overdue.id))[1].due_at
    await EscalationRows(rig.store.sql).put_off_steps(timedelta(minutes=20))
    later = {job.key: job.due_at for job in await rig.jobs()}
    assert later[first] > now
    assert later[second] == due[second]


async def test_what_waits_for_one_place_is_counted_by_kind_severity_and_mention(rig: Rig) -> None:
    """Other severities, quiet ones, other places and those that were begun are no company."""
    first, second = [await open_incident(rig.store, key=key) for key in ("a", "b")]
    other = await open_incident(rig.store, key="c", severity="SEV2")
    ids = await owe(
        rig.store,
        escalation(first),
        escalation(second),
        escalation(other),
        escalation(second, step=1, mention="none"),
        page(first),
    )
    assert await alike(rig, ids[0]) == (GROUP, 2)
    assert await alike(rig, ids[0], at_most=1) == (GROUP, 1)
    pages = await alike(rig, ids[4])
    assert pages == (Group(GUILD, DeliveryKind.PAGE, "person:primary", "SEV1", "none", 100), 1)
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).begin_attempt(ids[1], REQUEST, version=1)
    assert await alike(rig, ids[1]) is None
    assert await alike(rig, ids[0]) == (GROUP, 1)


async def test_a_bundle_takes_its_deliveries_jobs_and_is_joined_until_it_is_closed(rig: Rig) -> None:
    """One job for all; later ones join; once closed, the next makes another."""
    bundle_id, _, ids = await bundled(rig, 3)
    assert [job.key for job in await rig.jobs()] == [f"deliver:{bundle_id}"]
    async with rig.store.transaction() as tx:
        assert await DeliveryAttempts(tx.sql).claim_delivery(ids[0]) is None
    late = await open_incident(rig.store, key="late")
    await owe(rig.store, escalation(late))
    async with rig.store.transaction() as tx:
        assert await BundleWrites(tx.sql).bundle(GROUP) == bundle_id
        assert await BundleWrites(tx.sql).close_bundle(bundle_id) == 4
    after = await open_incident(rig.store, key="after")
    async with rig.store.transaction() as tx:
        await BundleWrites(tx.sql).insert_bundled([escalation(after)], GROUP)
        another = await BundleWrites(tx.sql).bundle(GROUP)
    assert another != bundle_id
    told = await BundleRows(rig.store.sql).bundle(another)
    assert (told.count, told.waiting, told.shown, told.mention) == (1, 1, (after,), "here")


async def test_the_deliveries_of_a_bundle_share_its_fate(rig: Rig) -> None:
    """Begun with it, sent with it; 👀 on its message is for each of them; obsolete ones drop out before."""
    bundle_id, incidents, ids = await bundled(rig, 3)
    await acknowledge(rig, incidents[0])
    async with rig.store.transaction() as tx:
        assert await BundleWrites(tx.sql).close_bundle(bundle_id) == 2
        assert await DeliveryAttempts(tx.sql).begin_attempt(bundle_id, REQUEST, version=0) is not None
    await acknowledge(rig, incidents[1])
    sent, sending = DeliveryStatus.SENT, DeliveryStatus.SENDING
    assert await statuses(rig, ids) == [DeliveryStatus.CANCELLED, sending, sending]
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).finish_sent(bundle_id, Posted(50, 900))
        assert [one.id for one in await BundleRows(tx.sql).bundled(bundle_id)] == ids[1:]
    assert await statuses(rig, ids) == [DeliveryStatus.CANCELLED, sent, sent]
    found = await IncidentRows(rig.store.sql).incidents_by_messages([900, 901])
    assert list(found) == [900]
    assert [(one.id, one.status) for one in found[900]] == [
        (incidents[1].id, Status.ACKNOWLEDGED),
        (incidents[2].id, Status.TRIGGERED),
    ]
    told = await BundleRows(rig.store.sql).bundle(bundle_id)
    assert (told.count, told.waiting) == (2, 1)
    assert [one.id for one in told.shown] == [incidents[2].id]
    [post] = await DeliveryRows(rig.store.sql).posts(incidents[2].id)
    assert (post.bundle_id, post.message_id, post.shown_version) == (bundle_id, 900, 1)


async def test_a_bundle_that_is_given_up_leaves_each_for_layers_two_and_three(rig: Rig) -> None:
    """When a bundle has failed, each delivery in it is kept as failed, for email and the DLQ.

    Each has the bundle's error, and no body, since that tells of all incidents. The email is marked on each.
    """
    bundle_id, _, ids = await bundled(rig, 2)
    async with rig.store.transaction() as tx:
        await BundleWrites(tx.sql).close_bundle(bundle_id)
        await DeliveryAttempts(tx.sql).begin_attempt(bundle_id, REQUEST, version=0)
        await DeliveryAttempts(tx.sql).finish_failed(bundle_id, error="HTTP 500", http_status=500)
        await BundleWrites(tx.sql).mark_bundle_emailed(bundle_id, to=["m1"], is_done=True)
    failed = await DeliveryRows(rig.store.sql).delivery(ids[1])
    assert (failed.status, failed.error, failed.http_status) == (DeliveryStatus.FAILED, "HTTP 500", 500)
    assert failed.request is not None
    assert (failed.request.body, failed.emailed, failed.emailed_to) == ({}, True, ("m1",))


async def test_a_bundle_that_is_cancelled_sets_its_deliveries_free(rig: Rig) -> None:
    """Cancelling a bundle gives each of its deliveries a job of its own."""
    bundle_id, _, ids = await bundled(rig, 2)
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).cancel_delivery(bundle_id)
    assert sorted(job.key for job in await rig.jobs()) == sorted(f"deliver:{one}" for one in ids)
    async with rig.store.transaction() as tx:
        assert await DeliveryAttempts(tx.sql).claim_delivery(ids[0]) is not None


async def test_the_auditor_leaves_a_bundles_deliveries_to_the_bundle(rig: Rig) -> None:
    """When jobs are lost, only the bundle itself gets a job back, not each of the deliveries in it."""
    bundle_id, _, _ = await bundled(rig, 2)
    await rig.lose_jobs()
    await rig.advance(5 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"deliver:{bundle_id}"]


async def test_unacknowledged_incidents_are_read_page_by_page(rig: Rig) -> None:
    """Unacknowledged incidents are read in pages, in the order of their numbers."""
    incidents = [await open_incident(rig.store, key=f"k{number}") for number in range(3)]
    await acknowledge(rig, incidents[1])
    assert await IncidentRows(rig.store.sql).unacknowledged(after=0, limit=1) == [incidents[0]]
    assert await IncidentRows(rig.store.sql).unacknowledged(after=incidents[0].id, limit=9) == [incidents[2]]


async def test_open_incidents_are_counted_by_severity(rig: Rig) -> None:
    """Open incidents of a guild are counted by severity, with those that wait for an acknowledge.

    The oldest deadline of the waiting ones is given too.
    """
    first, second = [await open_incident(rig.store, key=key) for key in ("a", "b")]
    await open_incident(rig.store, key="c", severity="SEV2")
    await acknowledge(rig, first)
    grave, minor = await IncidentRows(rig.store.sql).count_open(GUILD)
    assert grave == OpenCount(GUILD, "SEV1", 2, 1, second.ack_due_at)
    assert (minor.severity, minor.open, minor.waiting) == ("SEV2", 1, 1)
    assert await IncidentRows(rig.store.sql).count_open(GUILD + 1) == []

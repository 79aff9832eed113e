"""Deliveries, jobs and what the auditor sweeps up."""

from datetime import timedelta

import pytest

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import DeliveryStatus, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.incident import transitions
from bot.domain.incident.transitions import AckVia
from bot.domain.installation import nonce_of
from bot.domain.jobs import Job, JobName
from bot.domain.severity import LadderStep
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.queue.fairness import top_of
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationRows, EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.installation import InstallationRows
from bot.storage.tables.timeline import TimelineRows
from cogs.digest.rules import DigestDelivery
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, delivery_ids, open_incident, owed, send

MINUTE = timedelta(minutes=1)
REQUEST = Request(Action.MESSAGE, channel_id=50, message_id=None, body={"content": "🔴 SEV1", "tts": False})
OTHER = Request(Action.MESSAGE, channel_id=51, message_id=2, body={})


async def keys(rig: Rig) -> list[str]:
    return [job.key for job in await rig.jobs()]


async def test_only_what_waits_for_nothing_is_enqueued(rig: Rig) -> None:
    """A chain starts with its first link; each sent one releases the next, once, with its place."""
    incident = await open_incident(rig.store)
    alert, thread, start = await delivery_ids(
        rig.store,
        owed(DeliveryKind.ALERT, incident=incident.id),
        owed(DeliveryKind.THREAD, incident=incident.id, after="alert"),
        owed(DeliveryKind.THREAD_START, incident=incident.id, after="thread"),
    )
    (job,) = await rig.jobs()
    assert (job.name, job.payload, job.key, job.priority) == ("deliver", str(alert), f"deliver:{alert}", 100)
    assert await send(rig.store, alert, message_id=60) == ["thread"]
    assert await send(rig.store, alert, message_id=61) == []
    assert await keys(rig) == [f"deliver:{alert}", f"deliver:{thread}"]
    waiting = await DeliveryRows(rig.store.sql).delivery(thread)
    assert (waiting.after_channel_id, waiting.after_message_id) == (50, 60)
    assert (await DeliveryRows(rig.store.sql).delivery(start)).status is DeliveryStatus.PENDING


async def test_what_was_deleted_at_once_is_sent_and_no_post(rig: Rig) -> None:
    """A message that was deleted at once counts as sent, without an id, and releases what waits for it."""
    incident = await open_incident(rig.store)
    start, card = await delivery_ids(
        rig.store,
        owed(DeliveryKind.THREAD_START, incident=incident.id),
        owed(DeliveryKind.THREAD_CARD, incident=incident.id, after="thread_start"),
    )
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).finish_deleted(start, channel_id=50)
    gone = await DeliveryRows(rig.store.sql).delivery(start)
    assert (gone.status, gone.channel_id, gone.message_id) == (DeliveryStatus.SENT, 50, None)
    assert await keys(rig) == [f"deliver:{start}", f"deliver:{card}"]
    assert (await DeliveryRows(rig.store.sql).delivery(card)).after_channel_id == 50
    assert await DeliveryRows(rig.store.sql).posts(incident.id) == []


async def test_what_is_owed_after_something_sent_is_enqueued_at_once(rig: Rig) -> None:
    """A delivery owed after one that was sent already gets its job at once."""
    incident = await open_incident(rig.store)
    (alert,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    await send(rig.store, alert, message_id=60)
    (notice,) = await delivery_ids(rig.store, owed(DeliveryKind.NOTICE, incident=incident.id, after="alert"))
    assert f"deliver:{notice}" in await keys(rig)


async def test_a_known_key_is_skipped(rig: Rig) -> None:
    """A delivery with a known key is not queued again."""
    incident = await open_incident(rig.store)
    await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries([owed(DeliveryKind.ALERT, incident=incident.id)])
        await DeliveryWrites(tx.sql).insert_deliveries([])
    assert len(await rig.jobs()) == 1


async def test_waiting_for_what_nobody_owes_is_a_bug(rig: Rig) -> None:
    """A delivery that waits for a key without a delivery would wait for ever, so it is refused."""
    with pytest.raises(RuntimeError):
        async with rig.store.transaction() as tx:
            await DeliveryWrites(tx.sql).insert_deliveries(
                [owed(DeliveryKind.NOTICE, incident=None, after="nothing")]
            )


async def test_the_first_request_stays(rig: Rig) -> None:
    """Every attempt sends the same message, and knows when the first one began."""
    incident = await open_incident(rig.store)
    (alert,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    async with rig.store.transaction() as tx:
        claimed = await DeliveryAttempts(tx.sql).claim_delivery(alert)
        first = await DeliveryAttempts(tx.sql).begin_attempt(alert, REQUEST, version=3)
    assert claimed is not None
    assert first is not None
    assert (claimed.status, claimed.request, claimed.first_sent_at) == (DeliveryStatus.PENDING, None, None)
    assert (first.status, first.request, first.shown_version) == (DeliveryStatus.SENDING, REQUEST, 3)
    assert first.nonce == claimed.nonce
    assert len(first.nonce) <= 25
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).retry_later(alert, error="HTTP 503", http_status=503, after=MINUTE)
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        again = await DeliveryAttempts(tx.sql).begin_attempt(alert, OTHER, version=4)
    assert again is not None
    assert (again.request, again.shown_version, again.first_sent_at) == (REQUEST, 3, first.first_sent_at)
    assert (again.attempts, again.error, again.http_status) == (1, "HTTP 503", 503)


async def test_what_is_sent_is_a_post(rig: Rig) -> None:
    """A sent delivery is finished, has its channel and message, and keeps no error.

    A 👀 on its message finds the incident. Its shown version never decreases.
    """
    incident = await open_incident(rig.store)
    alert, seed = await delivery_ids(
        rig.store,
        owed(DeliveryKind.ALERT, incident=incident.id),
        owed(DeliveryKind.SEED_ACK, incident=incident.id),
    )
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).retry_later(alert, error="reset", http_status=None, after=MINUTE)
    assert await IncidentRows(rig.store.sql).incident_by_message(60) is None
    await send(rig.store, seed, message_id=70)
    await send(rig.store, alert, message_id=60)
    posts = await DeliveryRows(rig.store.sql).posts(incident.id)
    assert [post.message_id for post in posts] in ([70, 60], [60, 70])
    sent = await DeliveryRows(rig.store.sql).delivery(alert)
    assert (sent.status, sent.channel_id, sent.error, sent.attempts) == (DeliveryStatus.SENT, 50, None, 1)
    assert await IncidentRows(rig.store.sql).incident_by_message(60) == incident
    assert await IncidentRows(rig.store.sql).incident_by_message(70) is None, (
        "the bot's own reaction is no place to ack"
    )
    async with rig.store.transaction() as tx:
        assert await DeliveryAttempts(tx.sql).claim_delivery(alert) is None
        await DeliveryWrites(tx.sql).set_shown([alert, seed], version=5)
        await DeliveryWrites(tx.sql).set_shown([alert], version=4)
    assert (await DeliveryRows(rig.store.sql).delivery(alert)).shown_version == 5


async def test_giving_up_cancels_what_waits(rig: Rig) -> None:
    """When a delivery has failed, all deliveries behind it are cancelled, with their jobs.

    That is so for the whole chain, and for a delivery that is added behind it later.
    """
    incident = await open_incident(rig.store)
    alert, thread, start = await delivery_ids(
        rig.store,
        owed(DeliveryKind.ALERT, incident=incident.id),
        owed(DeliveryKind.THREAD, incident=incident.id, after="alert"),
        owed(DeliveryKind.THREAD_START, incident=incident.id, after="thread"),
    )
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).finish_failed(alert, error="HTTP 403", http_status=403)
        await DeliveryAttempts(tx.sql).mark_emailed(alert, to=["m1"], is_done=True)
        await DeliveryAttempts(tx.sql).retry_later(alert, error="late", http_status=None, after=MINUTE)
    failed = await DeliveryRows(rig.store.sql).delivery(alert)
    assert (failed.status, failed.error, failed.emailed) == (DeliveryStatus.FAILED, "HTTP 403", True)
    assert (await DeliveryRows(rig.store.sql).delivery(thread)).status is DeliveryStatus.CANCELLED
    assert (await DeliveryRows(rig.store.sql).delivery(start)).status is DeliveryStatus.CANCELLED
    (late,) = await delivery_ids(
        rig.store, owed(DeliveryKind.THREAD_CARD, incident=incident.id, after="thread_start")
    )
    assert (await DeliveryRows(rig.store.sql).delivery(late)).status is DeliveryStatus.CANCELLED
    assert await keys(rig) == []


async def test_who_has_the_email_is_kept_until_nobody_is_left(rig: Rig) -> None:
    """Each recipient of a delivery's email is kept once, however often the recipient is recorded.

    An email that is done stays done.
    """
    incident = await open_incident(rig.store)
    (alert,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    found = []
    for to, is_done in (([], False), (["b"], False), (["a", "b"], False), (["c"], True), ([], False)):
        async with rig.store.transaction() as tx:
            await DeliveryAttempts(tx.sql).mark_emailed(alert, to=to, is_done=is_done)
        delivery = await DeliveryRows(rig.store.sql).delivery(alert)
        found.append((delivery.emailed_to, delivery.has_email, delivery.emailed))
    assert found == [
        ((), False, False),
        (("b",), True, False),
        (("a", "b"), True, False),
        (("a", "b", "c"), True, True),
        (("a", "b", "c"), True, True),
    ]


async def test_an_acknowledge_writes_all_at_once(rig: Rig) -> None:
    """An acknowledge writes state, next update, cancelled steps and pages, timeline and audit together."""
    incident = await open_incident(rig.store)
    await rig.advance(MINUTE)
    step = Step(incident.id, 3, incident.triggered_at + 9 * MINUTE, LadderStep(9 * MINUTE, dm=("primary",)))
    alert, page = await delivery_ids(
        rig.store,
        owed(DeliveryKind.ALERT, incident=incident.id),
        owed(DeliveryKind.PAGE, incident=incident.id),
    )
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).insert_steps([step])
    async with rig.store.transaction() as tx:
        known, now = await IncidentWrites(tx.sql).incident(incident.id, lock=True), await tx.now()
        acked = transitions.acknowledge(
            known, by=OLIVE, at=now, already_responding=False, next_update_at=now + MINUTE
        ).incident
        entry = TimelineEntry(TimelineKind.ACKNOWLEDGED, now, OLIVE.id, OLIVE.name, {"via": "button"})
        data = AuditData(incident.id)
        assert await AcknowledgementWrites(tx.sql).acknowledge(
            acked, entry, by=OLIVE, via=AckVia.BUTTON, data=data
        ) == [3]
    assert await IncidentRows(rig.store.sql).incident(incident.id) == acked
    assert [step.status for step in await EscalationRows(rig.store.sql).steps(incident.id)] == [
        StepStatus.CANCELLED
    ]
    statuses = [(await DeliveryRows(rig.store.sql).delivery(one)).status for one in (alert, page)]
    assert (statuses, await keys(rig)) == (
        [DeliveryStatus.PENDING, DeliveryStatus.CANCELLED],
        [f"deliver:{alert}"],
    )
    told = (await TimelineRows(rig.store.sql).timeline(incident.id))[-1]
    assert (told.kind, told.at, told.actor_name, told.data) == (entry.kind, now, OLIVE.name, entry.data)
    assert await rig.audited() == [(OLIVE.name, "acknowledged", True, {"incident_id": incident.id})]
    with pytest.raises(RuntimeError):  # decided on a state that somebody else has changed
        async with rig.store.transaction() as tx:
            await AcknowledgementWrites(tx.sql).acknowledge(
                acked, entry, by=OLIVE, via=AckVia.BUTTON, data=AuditData()
            )
    assert len(await rig.audited()) == 1


async def test_an_acknowledge_cancels_pages_that_nobody_has_begun(rig: Rig) -> None:
    """An acknowledge cancels pages that are not being sent yet, with their jobs, and no other delivery."""
    incident = await open_incident(rig.store)
    alert, page, ringing = await delivery_ids(
        rig.store,
        owed(DeliveryKind.ALERT, incident=incident.id),
        owed(DeliveryKind.PAGE, incident=incident.id),
        owed(DeliveryKind.ESCALATION, incident=incident.id),
    )
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).begin_attempt(ringing, REQUEST, version=1)
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).cancel_ladder(incident.id)
    statuses = [(await DeliveryRows(rig.store.sql).delivery(one)).status for one in (alert, page, ringing)]
    assert statuses == [DeliveryStatus.PENDING, DeliveryStatus.CANCELLED, DeliveryStatus.SENDING]
    assert await keys(rig) == [f"deliver:{alert}", f"deliver:{ringing}"]
    async with rig.store.transaction() as tx:
        assert await DeliveryAttempts(tx.sql).begin_attempt(page, REQUEST, version=1) is None
        await DeliveryWrites(tx.sql).cancel_delivery(ringing)
        await DeliveryWrites(tx.sql).cancel_delivery(page)
    assert (await DeliveryRows(rig.store.sql).delivery(ringing)).status is DeliveryStatus.CANCELLED


async def test_a_job_is_queued_once_and_can_be_taken_back(rig: Rig) -> None:
    """A job is queued once by its key, due at its delay after the transaction's time.

    The job can be cancelled by its key, and an unknown key is ignored.
    """
    step = Job(JobName.ESCALATE, "1:0", "step:1:0", priority=90, after=15 * MINUTE)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        await tx.enqueue(step, Job(JobName.REFRESH, "1", "refresh:1"))
        await tx.enqueue(Job(JobName.ESCALATE, "1:0", "step:1:0"))
        await tx.enqueue()
    queued = {job.key: job for job in await rig.jobs()}
    assert set(queued) == {"step:1:0", "refresh:1"}
    assert (queued["step:1:0"].due_at, queued["step:1:0"].priority) == (now + 15 * MINUTE, 90)
    assert (queued["step:1:0"].name, queued["step:1:0"].payload) == ("escalate", "1:0")
    async with rig.store.transaction() as tx:
        await tx.cancel_jobs(["step:1:0", "step:9:9"])
        await tx.cancel_jobs([])
    assert await keys(rig) == ["refresh:1"]


async def test_what_is_overdue_and_lost_its_job_gets_one(rig: Rig) -> None:
    """Steps, deliveries that wait for nothing, and nothing that is in the queue still."""
    incident = await open_incident(rig.store)
    step = Step(incident.id, 0, incident.triggered_at, LadderStep(timedelta()))
    alert, _ = await delivery_ids(
        rig.store,
        owed(DeliveryKind.ALERT, incident=incident.id),
        owed(DeliveryKind.THREAD, incident=incident.id, after="alert"),
    )
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).insert_steps([step])
        await tx.enqueue(Job(JobName.ESCALATE, f"{incident.id}:0", f"step:{incident.id}:0"))
    await rig.advance(5 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
    await rig.lose_jobs()
    expected = [f"step:{incident.id}:0", f"deliver:{alert}"]
    assert await rig.store.requeue_stuck(overdue=6 * MINUTE) == []
    assert await rig.store.requeue_stuck(overdue=MINUTE) == expected
    # Where in its band a job stands is the queue's business (bot/storage/queue/fairness.py).
    assert [(job.name, job.payload, top_of(job.priority)) for job in await rig.jobs()] == [
        ("escalate", f"{incident.id}:0", 100),
        ("deliver", str(alert), 100),
    ]
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []


async def test_a_delivery_without_an_incident(rig: Rig) -> None:
    """A digest for instance; its data comes back as it went in."""
    async with rig.store.transaction() as tx:
        digest = owed(DigestDelivery.POST, incident=None)
        await DeliveryWrites(tx.sql).insert_deliveries([digest])
    stored = await DeliveryRows(rig.store.sql).delivery(1)
    assert (stored.incident_id, stored.data, stored.guild_id, stored.to) == (None, {}, GUILD, digest.to)
    await send(rig.store, stored.id, message_id=1)
    assert (await DeliveryRows(rig.store.sql).delivery(1)).status is DeliveryStatus.SENT


async def test_the_nonce_is_the_keys(rig: Rig) -> None:
    """The nonce depends only on the installation and the key."""
    incident = await open_incident(rig.store)
    (alert,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id, key="あ:1"))
    installation = await InstallationRows(rig.store.sql).installation()
    assert (await DeliveryRows(rig.store.sql).delivery(alert)).nonce == nonce_of(installation.id, "あ:1")
    assert await InstallationRows(rig.store.sql).installation() == installation
    assert installation.link_key not in repr(installation)


async def test_held_until_discord_is_back(rig: Rig) -> None:
    """Holding a delivery counts as no attempt and is news only the first time.

    The delivery keeps the last real answer and counts as held until it is sent, and not afterwards.
    """
    incident = await open_incident(rig.store)
    (alert,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    async with rig.store.transaction() as tx:
        assert await DeliveryAttempts(tx.sql).hold_delivery(
            alert, error="HTTP 503", http_status=503, after=MINUTE
        )
        now = await tx.now()
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        assert not await DeliveryAttempts(tx.sql).hold_delivery(
            alert, error=None, http_status=None, after=MINUTE
        )
    held = await DeliveryRows(rig.store.sql).delivery(alert)
    assert (held.attempts, held.error, held.http_status, held.held_at) == (0, "HTTP 503", 503, now)
    assert await DeliveryRows(rig.store.sql).held_deliveries() == 1
    await send(rig.store, alert, message_id=60)
    assert await DeliveryRows(rig.store.sql).held_deliveries() == 0
    async with rig.store.transaction() as tx:
        assert not await DeliveryAttempts(tx.sql).hold_delivery(
            alert, error=None, http_status=None, after=MINUTE
        )


async def test_what_is_late_is_rendered_anew(rig: Rig) -> None:
    """A late attempt replaces the request and version of the delivery's first attempt.

    The delivery stays late, and later attempts keep that request.
    """
    incident = await open_incident(rig.store)
    (alert,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).begin_attempt(alert, REQUEST, version=1)
        late = await DeliveryAttempts(tx.sql).begin_attempt(alert, OTHER, version=2, late=True)
        again = await DeliveryAttempts(tx.sql).begin_attempt(alert, REQUEST, version=3)
    assert late is not None
    assert again is not None
    assert (late.request, late.shown_version, late.is_late) == (OTHER, 2, True)
    assert (again.request, again.shown_version, again.is_late) == (OTHER, 2, True)


async def test_who_stands_before_and_after(rig: Rig) -> None:
    """A delivery can be overtaken by, or behind, another one of the same kind, place and incident."""
    incident = await open_incident(rig.store)
    first, second, other, nobodys = await delivery_ids(
        rig.store,
        owed(DeliveryKind.NOTICE, incident=incident.id, key="1"),
        owed(DeliveryKind.NOTICE, incident=incident.id, key="2"),
        owed(DeliveryKind.PAGE, incident=incident.id, key="3"),
        owed(DeliveryKind.NOTICE, incident=None, key="4"),
    )
    async with rig.store.transaction() as tx:
        assert [await DeliveryAttempts(tx.sql).is_overtaken(n) for n in (first, second, other, nobodys)] == [
            True,
            *[False] * 3,
        ]
        assert not await DeliveryAttempts(tx.sql).is_behind(second)
        await DeliveryAttempts(tx.sql).hold_delivery(first, error=None, http_status=None, after=MINUTE)
        assert [await DeliveryAttempts(tx.sql).is_behind(n) for n in (first, second, other, nobodys)] == [
            False,
            True,
            False,
            False,
        ]
        found = await DeliveryRows(tx.sql).delivery_by_key("2")
        assert found is not None
        assert found.id == second
        assert await DeliveryRows(tx.sql).delivery_by_key("5") is None
        await DeliveryWrites(tx.sql).cancel_delivery(second)
        assert not await DeliveryAttempts(tx.sql).is_overtaken(first)


async def test_a_link_is_used_once(rig: Rig) -> None:
    """A link can be used once, and its use is remembered; another link of the same incident is still free."""
    incident = await open_incident(rig.store)
    assert not await AcknowledgementRows(rig.store.sql).is_link_used("n:primary")
    async with rig.store.transaction() as tx:
        assert await AcknowledgementRows(tx.sql).use_link("n:primary", incident.id)
    async with rig.store.transaction() as tx:
        assert not await AcknowledgementRows(tx.sql).use_link("n:primary", incident.id)
        assert await AcknowledgementRows(tx.sql).use_link("n:secondary", incident.id)
    assert await AcknowledgementRows(rig.store.sql).is_link_used("n:primary")

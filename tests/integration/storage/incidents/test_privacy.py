"""What private incidents ask of a store."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bot.domain.delivery.delivery import DeliveryStatus, NewDelivery, Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.dlq import DLQ_MARK, NewFailure
from bot.domain.incident import transitions
from bot.domain.incident.transitions import AckVia
from bot.domain.privacy import RemovedMember
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.triages import TriageRows
from cogs.digest.rules import DigestDelivery
from cogs.oncall.rules import OnCallDelivery
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, PERRY, delivery_ids, open_incident, owed, send

NOTHING = Request(Action.MESSAGE, 50, None, {"content": "x"})


def to(target: str, *, incident: int, key: str, after: str | None = None) -> NewDelivery:
    """A delivery to *target*."""
    return NewDelivery(
        DeliveryKind.NOTICE, to=target, key=key, guild_id=GUILD, incident_id=incident, after=after
    )


async def _statuses(store: Store, ids: list[int]) -> list[DeliveryStatus]:
    return [(await DeliveryRows(store.sql).delivery(number)).status for number in ids]


async def test_posts_are_cancelled_and_dms_stay(rig: Rig) -> None:
    """An incident's queued posts are cancelled, with what waits for them and their jobs; DMs stay.

    A post that is on its way stays, and so does another incident's.
    """
    incident, other = await open_incident(rig.store), await open_incident(rig.store, key="other")
    ids = await delivery_ids(
        rig.store,
        to("channel:p0", incident=incident.id, key="post"),
        to("incident", incident=incident.id, key="waits", after="post"),
        to("person:primary", incident=incident.id, key="page"),
        to("user:7", incident=incident.id, key="role"),
        to("channel:p0", incident=incident.id, key="begun"),
        to("channel:p0", incident=other.id, key="other's"),
    )
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).begin_attempt(ids[4], NOTHING, version=1)
        await DeliveryWrites(tx.sql).cancel_posts(incident.id)
    cancelled, pending = DeliveryStatus.CANCELLED, DeliveryStatus.PENDING
    assert await _statuses(rig.store, ids) == [
        cancelled,
        cancelled,
        pending,
        pending,
        DeliveryStatus.SENDING,
        pending,
    ]
    assert sorted(job.key for job in await rig.jobs()) == sorted(f"deliver:{ids[at]}" for at in (2, 3, 4, 5))


async def test_a_deleted_thread_is_told_where_it_was_offered(rig: Rig) -> None:
    """A notice about a deleted thread tells who deleted it and when.

    The first deletion stays, and notices about another thread do not change.
    """
    incident = await open_incident(rig.store)
    about = [
        replace(to("incident", incident=incident.id, key=f"n{thread}"), data={"thread": thread})
        for thread in (900, 901)
    ]
    ids = await delivery_ids(rig.store, *about)
    await send(rig.store, ids[0], message_id=5)
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).tell_thread_deleted(incident.id, 900, by="primary")
        now = await tx.now()
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).tell_thread_deleted(incident.id, 900, by="secondary")
    told, other = [await DeliveryRows(rig.store.sql).delivery(number) for number in ids]
    assert (told.data["deleted_by"], told.shown_version) == ("primary", 0)
    assert datetime.fromisoformat(str(told.data["deleted_at"])) == now
    assert "deleted_by" not in other.data


async def test_every_delivery_has_a_nonce_that_is_known(rig: Rig) -> None:
    """The nonces of an incident's deliveries, sent, failed or waiting, are listed oldest first.

    Another incident's are not among them.
    """
    incident, other = await open_incident(rig.store), await open_incident(rig.store, key="other")
    ids = await delivery_ids(
        rig.store, *(owed(DeliveryKind.NOTICE, incident=incident.id, key=key) for key in ("a", "b", "c"))
    )
    await delivery_ids(rig.store, owed(DeliveryKind.NOTICE, incident=other.id, key="d"))
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).finish_failed(ids[2], error="no", http_status=403)
    await send(rig.store, ids[0], message_id=5)
    nonces = [(await DeliveryRows(rig.store.sql).delivery(one)).nonce for one in ids]
    assert await DeliveryRows(rig.store.sql).delivery_nonces(incident.id) == nonces


async def test_what_belongs_to_no_incident_and_failed_may_name_one(rig: Rig) -> None:
    """Failed deliveries without an incident are found if they were queued since the incident began."""
    (before,) = await delivery_ids(rig.store, owed(OnCallDelivery.HANDOVER, incident=None, key="before"))
    await rig.advance(timedelta(hours=1))
    incident, other = await open_incident(rig.store), await open_incident(rig.store, key="other")
    handover, sent, elsewhere = await delivery_ids(
        rig.store,
        owed(OnCallDelivery.HANDOVER, incident=None, key="handover"),
        owed(DigestDelivery.POST, incident=None, key="sent"),
        replace(owed(DigestDelivery.POST, incident=None, key="elsewhere"), guild_id=GUILD + 1),
    )
    (others,) = await delivery_ids(rig.store, owed(DeliveryKind.NOTICE, incident=other.id, key="others"))
    async with rig.store.transaction() as tx:
        for one in (before, handover, elsewhere, others):
            await DeliveryAttempts(tx.sql).finish_failed(one, error="no", http_status=403)
    await send(rig.store, sent, message_id=5)
    assert await DeliveryRows(rig.store.sql).naming_nonces(incident.id) == [
        (await DeliveryRows(rig.store.sql).delivery(handover)).nonce
    ]


async def test_a_private_thread_leads_to_its_incident(rig: Rig) -> None:
    """The private thread of an incident leads to that incident, as any other thread of it does."""
    incident = await open_incident(rig.store)
    (thread,) = await delivery_ids(rig.store, owed(DeliveryKind.PRIVATE_THREAD, incident=incident.id))
    await send(rig.store, thread, message_id=77)
    assert await IncidentRows(rig.store.sql).incident_by_thread(77) == await IncidentRows(
        rig.store.sql
    ).incident(incident.id)


async def test_what_is_written_in_its_threads_is_confided(rig: Rig) -> None:
    """Messages in a private incident's threads are confidential, also in one from before it was private.

    Other incidents' threads are not, and another guild's bot is told nothing.
    """
    incident, other = await open_incident(rig.store), await open_incident(rig.store, key="other")
    made = [owed(DeliveryKind.THREAD, incident=one.id, key=f"thread:{one.id}") for one in (incident, other)]
    was, others = await delivery_ids(rig.store, *made)
    await send(rig.store, was, message_id=60)
    await send(rig.store, others, message_id=61)
    assert await _confided(rig.store, 60, 61) == []
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(
            transitions.make_private(
                await IncidentWrites(tx.sql).incident(incident.id, lock=True), channel="secret"
            )
        )
    private = owed(DeliveryKind.PRIVATE_THREAD, incident=incident.id, key="private")
    (thread,) = await delivery_ids(rig.store, private)
    await send(rig.store, thread, message_id=77)
    assert await _confided(rig.store, 60, 61, 77, 500) == [60, 77]
    assert await _confided(rig.of(GUILD + 1), 60, 77) == []


async def _confided(store: Store, *channels: int) -> list[int]:
    async with store.transaction() as tx:
        return [
            channel
            for channel in channels
            if (await TriageRows(tx.sql).known_message(channel, None)).is_confided
        ]


async def test_it_comes_back_private(rig: Rig) -> None:
    """A private incident is read as it was stored: with its thread's channel, its post and its member."""
    incident = await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        private = transitions.make_private(
            await IncidentWrites(tx.sql).incident(incident.id, lock=True), channel="secret"
        )
        await IncidentWrites(tx.sql).save(private)
        assert await MemberRows(tx.sql).add_member(incident.id, user_id=OLIVE.id, name="Olive", by=PERRY)
        assert not await MemberRows(tx.sql).add_member(incident.id, user_id=OLIVE.id, name="Olive", by=PERRY)
    kept = await IncidentRows(rig.store.sql).incident(incident.id)
    assert kept == private
    assert (kept.is_private, kept.thread.channel, kept.post.number, kept.thread.posting) == (
        True,
        "secret",
        2,
        2,
    )
    assert await MemberRows(rig.store.sql).is_member(incident.id, OLIVE.id)
    assert not await MemberRows(rig.store.sql).is_member(incident.id, PERRY.id)


async def test_a_transaction_reads_what_it_has_written(rig: Rig) -> None:
    """A transaction reads the members, responders and posts that it has written, before the commit."""
    incident = await open_incident(rig.store)
    (post,) = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    async with rig.store.transaction() as tx:
        await MemberRows(tx.sql).add_member(incident.id, user_id=OLIVE.id, name="Olive", by=PERRY)
        assert await MemberRows(tx.sql).is_member(incident.id, OLIVE.id)
        assert await MemberRows(tx.sql).members(incident.id) == [OLIVE.id]
        await AcknowledgementWrites(tx.sql).join(incident.id, PERRY, via=AckVia.REACTION)
        await AcknowledgementWrites(tx.sql).leave(incident.id, PERRY.id)
        assert [who.id for who in await AcknowledgementRows(tx.sql).responders(incident.id)] == [PERRY.id]
        assert await DeliveryRows(tx.sql).posts(incident.id) == []
        await DeliveryAttempts(tx.sql).begin_attempt(post, NOTHING, version=1)
        await DeliveryAttempts(tx.sql).finish_sent(post, Posted(50, 60))
        assert [one.message_id for one in await DeliveryRows(tx.sql).posts(incident.id)] == [60]


async def test_who_was_removed_is_kept_out_until_they_are_readmitted(rig: Rig) -> None:
    """A removed member is kept out of that incident alone until readmitted.

    Removing the person once more keeps the later time. After that the person can be named again.
    """
    incident, other = await open_incident(rig.store), await open_incident(rig.store, key="other")
    who = replace(OLIVE, username="olive")
    async with rig.store.transaction() as tx:
        for number in (incident.id, other.id):
            await MemberRows(tx.sql).add_member(number, user_id=OLIVE.id, name="Olive", by=PERRY)
        assert await MemberRows(tx.sql).remove_member(incident.id, who, by=PERRY)
        first = await MemberRows(tx.sql).removed_members(incident.id)
        assert first == [RemovedMember(OLIVE.id, "olive", await tx.now())]
    assert not await MemberRows(rig.store.sql).is_member(incident.id, OLIVE.id)
    assert await MemberRows(rig.store.sql).is_member(other.id, OLIVE.id)
    assert await MemberRows(rig.store.sql).removed_members(incident.id) == first
    assert await MemberRows(rig.store.sql).removed_members(other.id) == []
    await rig.advance(timedelta(minutes=1))
    async with rig.store.transaction() as tx:
        assert not await MemberRows(tx.sql).remove_member(incident.id, who, by=PERRY)
    (again,) = await MemberRows(rig.store.sql).removed_members(incident.id)
    assert again.at > first[0].at
    async with rig.store.transaction() as tx:
        await MemberRows(tx.sql).readmit(incident.id, OLIVE.id)
        await MemberRows(tx.sql).readmit(incident.id, OLIVE.id)
        assert await MemberRows(tx.sql).add_member(incident.id, user_id=OLIVE.id, name="Olive", by=PERRY)
    assert await MemberRows(rig.store.sql).removed_members(incident.id) == []
    assert await MemberRows(rig.store.sql).is_member(incident.id, OLIVE.id)


async def test_a_failure_written_again_loses_what_it_told(rig: Rig) -> None:
    """One row, with the later title, payload and flag; a drill's is in no count."""
    at = (await rig.store.now()) - timedelta(minutes=1)
    numbers = [f"00000000-0000-0000-0000-00000000000{digit}" for digit in range(3)]
    first, second, drill = (_failure(number, at=at) for number in numbers)
    await rig.dlq.record(first)
    await rig.dlq.record(_failure(numbers[0], at=at, title="INC-1", payload={}, emailed=True))
    await rig.dlq.record(second)
    await rig.dlq.record(_failure(str(drill.id), at=at, title=f"{DLQ_MARK}訓練"))
    entry = await rig.dlq.entry(str(first.id))
    assert (entry.title, entry.payload, entry.fallback_email_sent) == ("INC-1", {}, True)
    assert (await rig.dlq.counts(at - timedelta(minutes=1), at + timedelta(minutes=1))).total == 2


def _failure(
    number: str,
    *,
    at: datetime,
    title: str = "流出",
    payload: dict[str, object] | None = None,
    emailed: bool = False,
) -> NewFailure:
    return NewFailure(
        id=UUID(number),
        attempted_at=at,
        channel="p0-alerts",
        severity="P0",
        title=title,
        http_status=503,
        retry_count=1,
        error_message="HTTP 503",
        fallback_email_sent=emailed,
        payload={"content": title} if payload is None else payload,
    )

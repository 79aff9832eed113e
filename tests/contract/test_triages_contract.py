"""Triage, digests and replays, on both stores."""

from datetime import timedelta
from uuid import uuid4

import pytest

from bot.domain.delivery import DeliveryKind
from bot.domain.digest import IsoWeek
from bot.domain.errors import UserError
from bot.domain.triage_session import NewTriage, StoredAnswer, Triage, TriageStatus
from tests.contract.conftest import Rig
from tests.contract.examples import GUILD, OLIVE, PERRY, open_incident, owed, send

MINUTE = timedelta(minutes=1)


async def start(rig: Rig, *, title: str = "遅い", key: str = "interaction:1") -> Triage:
    async with rig.store.transaction() as tx:
        new = NewTriage(GUILD, PERRY, title, ("dev-*",), ("slow",), await tx.now(), key)
        return await tx.insert_triage(new)


async def test_a_walk_is_kept_answer_by_answer(rig: Rig) -> None:
    """Going back withdraws the last standing answer, and only that."""
    triage = await start(rig)
    assert (triage.status, triage.answers, triage.user_name) == (TriageStatus.OPEN, (), "Perry")
    assert (triage.targets, triage.symptoms) == (("dev-*",), ("slow",))
    yes, no = StoredAnswer("large", "yes", True, "Olive"), StoredAnswer("production", "no", False, "Perry")
    async with rig.store.transaction() as tx:
        await tx.add_answer(triage.id, question="production", answer="no", unsure=False, by=PERRY)
        await tx.add_answer(triage.id, question="large", answer="yes", unsure=True, by=OLIVE)
        assert (await tx.triage(triage.id, lock=True)).answers == (no, yes)
        await tx.withdraw_last_answer(triage.id)
    assert (await rig.store.triage(triage.id)).answers == (no,)
    async with rig.store.transaction() as tx:
        await tx.withdraw_last_answer(triage.id)
        await tx.withdraw_last_answer(triage.id)
        await tx.add_answer(triage.id, question="large", answer="yes", unsure=True, by=OLIVE)
    assert (await rig.store.triage(triage.id)).answers == (yes,)


async def test_the_same_key_starts_one_walk(rig: Rig) -> None:
    """With the answers it has."""
    triage = await start(rig)
    async with rig.store.transaction() as tx:
        await tx.add_answer(triage.id, question="production", answer="no", unsure=False, by=PERRY)
    again = await start(rig, title="another")
    assert again == await rig.store.triage(triage.id)
    assert len(again.answers) == 1


async def test_unknown_walks_are_an_error_for_the_person(rig: Rig) -> None:
    """In a transaction or without."""
    with pytest.raises(UserError):
        await rig.store.triage(404)
    with pytest.raises(UserError):
        async with rig.store.transaction() as tx:
            await tx.triage(404, lock=True)


async def test_where_a_walk_stands_is_written_whole(rig: Rig) -> None:
    """What is not given is cleared: a severity chosen by hand goes when the person goes back."""
    triage, incident = await start(rig), await open_incident(rig.store)
    async with rig.store.transaction() as tx:
        await tx.set_triage(triage.id, status=TriageStatus.OPEN, severity="SEV2")
    assert (await rig.store.triage(triage.id)).severity == "SEV2"
    async with rig.store.transaction() as tx:
        await tx.set_triage(triage.id, status=TriageStatus.OPENED, incident_id=incident.id)
    opened = await rig.store.triage(triage.id)
    assert (opened.status, opened.severity, opened.incident_id) == (TriageStatus.OPENED, None, incident.id)


async def test_an_overdue_re_evaluation_that_lost_its_job_gets_one(rig: Rig) -> None:
    """And one that was answered does not."""
    triage, answered = await start(rig), await start(rig, key="interaction:2")
    async with rig.store.transaction() as tx:
        due_at = await tx.now() + MINUTE
        for each in (triage, answered):
            await tx.set_triage(each.id, status=TriageStatus.REEVALUATING, reevaluate_at=due_at)
        await tx.set_triage(answered.id, status=TriageStatus.DISMISSED, reevaluate_at=due_at)
    assert (await rig.store.triage(triage.id)).reevaluate_at == due_at
    await rig.advance(5 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"reevaluate:{triage.id}"]
    (job,) = await rig.jobs()
    assert (job.name, job.payload) == ("reevaluate", str(triage.id))


async def test_a_week_is_digested_once(rig: Rig) -> None:
    """Per guild."""
    week = IsoWeek(2026, 47)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        assert await tx.claim_digest(GUILD, week, due_at=now)
        assert not await tx.claim_digest(GUILD, week, due_at=now)
        assert await tx.claim_digest(GUILD + 1, week, due_at=now)
        assert await tx.claim_digest(GUILD, week.previous(), due_at=now)


async def test_an_entry_is_replayed_once(rig: Rig) -> None:
    """Who did it is known at once, the message when it was sent."""
    entry_id = uuid4()
    assert await rig.store.replay_of(entry_id) is None
    async with rig.store.transaction() as tx:
        assert await tx.claim_replay(entry_id, guild_id=GUILD, channel="p0", by=OLIVE, key="replay:1")
        assert not await tx.claim_replay(entry_id, guild_id=GUILD, channel="p0", by=PERRY, key="replay:1")
        await tx.insert_deliveries([owed(DeliveryKind.REPLAY, incident=None, key="replay:1")])
    record = await rig.store.replay_of(entry_id)
    assert record is not None
    assert (record.requested_by_name, record.channel, record.message_id) == ("Olive", "p0", None)
    await send(rig.store, 1, message_id=60)
    sent = await rig.store.replay_of(entry_id)
    assert sent is not None
    assert (sent.channel_id, sent.message_id) == (50, 60)

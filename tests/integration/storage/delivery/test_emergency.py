"""What is mirrored for the time without a database."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import NewDelivery, Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.errors import IncidentNotFound
from bot.domain.escalation.ladder import Step
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.outage import OfflineKind, WatchChange
from bot.domain.severity import LadderStep, Mention
from bot.services.shared.postings import private_thread_key
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryWrites
from bot.storage.tables.escalation import EscalationWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.outage import MirrorRows
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import delivery_ids, new_incident, open_incident, owed, send
from tests.services.database import Database

MINUTE = timedelta(minutes=1)
REQUEST = Request(Action.MESSAGE, 5, None, {"content": "🔴 決済"})
HERE = LadderStep(15 * MINUTE, Mention.HERE, ("primary",))


async def with_steps(rig: Rig, key: str, *due_in: timedelta, severity: str = "SEV1") -> Incident:
    """An incident whose steps are due then."""
    incident = await open_incident(rig.store, key=key, severity=severity)
    async with rig.store.transaction() as tx:
        now = await tx.now()
        steps = [Step(incident.id, n, now + due, HERE, starts_at=now) for n, due in enumerate(due_in)]
        await EscalationWrites(tx.sql).insert_steps(steps)
    return incident


async def rungs(rig: Rig) -> dict[str, list[int]]:
    """What would be told of, by incident, in order."""
    found = await MirrorRows(rig.store.sql).watched(without=["SEV3"], limit=10)
    return {watch.key: [rung.index for rung in watch.rungs] for watch in found}


async def test_the_nearest_deadlines_are_mirrored(rig: Rig) -> None:
    """Incidents are mirrored by nearest deadline, as many as asked for.

    Severities that are left out are not mirrored.
    """
    late = await with_steps(rig, "late", 20 * MINUTE, 30 * MINUTE)
    soon = await with_steps(rig, "soon", 5 * MINUTE)
    await with_steps(rig, "minor", MINUTE, severity="SEV3")
    assert await rungs(rig) == {f"inc:{soon.id}": [0], f"inc:{late.id}": [0, 1]}
    assert list(await rungs(rig)) == [f"inc:{soon.id}", f"inc:{late.id}"]
    [nearest] = await MirrorRows(rig.store.sql).watched(without=["SEV3"], limit=1)
    assert (nearest.key, nearest.severity, nearest.to) == (f"inc:{soon.id}", "SEV1", "channel")
    assert nearest.rungs[0].dm == ("primary",)


async def test_what_is_not_yet_said_is_mirrored(rig: Rig) -> None:
    """An alert and a page that are not sent yet are mirrored, also for an incident without steps.

    Quiet deliveries and a thread's root are not. What was tried and emailed is known; what is sent is gone.
    """
    silent = await open_incident(rig.store, key="silent")
    page = NewDelivery(DeliveryKind.PAGE, "person:primary", "page", 100, silent.id)
    quiet = replace(owed(DeliveryKind.ALERT, incident=silent.id, key="quiet"), data={"quiet": True})
    thread = owed(DeliveryKind.THREAD_ROOT, incident=silent.id)
    alert_id, *_ = await delivery_ids(
        rig.store, owed(DeliveryKind.ALERT, incident=silent.id), page, quiet, thread
    )
    [watch] = await MirrorRows(rig.store.sql).watched(without=[], limit=10)
    assert [(one.key, one.word, one.to) for one in watch.owed] == [
        ("alert", OfflineKind.ALERT, "channel:p0-alerts"),
        ("page", OfflineKind.PAGE, "person:primary"),
    ]
    assert (watch.rungs, watch.places, watch.owed[0].has_email) == ((), (), False)
    assert watch.owed[0].attempt is None
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).begin_attempt(alert_id, REQUEST, version=1)
        await DeliveryAttempts(tx.sql).mark_emailed(alert_id, to=["primary@example.com"], is_done=False)
        now = await tx.now()
    [watch] = await MirrorRows(rig.store.sql).watched(without=[], limit=10)
    assert watch.owed[0].has_email
    attempt = watch.owed[0].attempt
    assert attempt is not None
    assert (attempt.at, json.loads(attempt.body)) == (now, REQUEST.body)
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).finish_sent(alert_id, Posted(5, 50))
        await EscalationWrites(tx.sql).cancel_ladder(silent.id)
    assert await MirrorRows(rig.store.sql).watched(without=[], limit=10) == []


async def test_a_message_deleted_before_it_was_known_is_no_place(rig: Rig, database: Database) -> None:
    """An alert that is sent but has no id gives no place: earlier versions stored a deleted one like that."""
    incident = await with_steps(rig, "deleted", MINUTE)
    [alert_id] = await delivery_ids(rig.store, owed(DeliveryKind.ALERT, incident=incident.id))
    await send(rig.store, alert_id, message_id=50)
    await database.fetch("UPDATE deliveries SET message_id = NULL WHERE id = $1", alert_id)
    [watch] = await MirrorRows(rig.store.sql).watched(without=[], limit=10)
    assert watch.places == ()


async def test_a_private_one_is_told_of_where_its_people_are(rig: Rig) -> None:
    """A private incident is mirrored to its private thread; before there is one, to people alone.

    An earlier thread that all can read does not count.
    """
    async with rig.store.transaction() as tx:
        new: NewIncident = replace(new_incident(await tx.now()), is_private=True)
        secret, _ = await IncidentWrites(tx.sql).insert_incident(
            new, priority="P0", ack_due_at=await tx.now() + 15 * MINUTE
        )
        alert = replace(owed(DeliveryKind.ALERT, incident=secret.id), to="incident")
        page = NewDelivery(DeliveryKind.PAGE, "person:primary", "page", 100, secret.id)
        await DeliveryWrites(tx.sql).insert_deliveries([alert, page])
    [watch] = await MirrorRows(rig.store.sql).watched(without=[], limit=10)
    assert (watch.to, [one.key for one in watch.owed]) == (None, ["page"])
    key = private_thread_key(secret)
    [thread] = await delivery_ids(rig.store, owed(DeliveryKind.PRIVATE_THREAD, incident=secret.id, key=key))
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).set_places(
            secret.id, thread_id=66
        )  # of an earlier posting, for all to read
    [watch] = await MirrorRows(rig.store.sql).watched(without=[], limit=10)
    assert watch.to is None
    async with rig.store.transaction() as tx:
        await DeliveryAttempts(tx.sql).finish_sent(thread, Posted(5, 77))
    [watch] = await MirrorRows(rig.store.sql).watched(without=[], limit=10)
    assert (watch.to, watch.owed[0].to) == ("thread:77", "thread:77")


async def _fail_to_end(rig: Rig, incident: Incident) -> None:
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).cancel_ladder(incident.id)
        await IncidentRows(tx.sql).incident(incident.id + 1)


async def test_whoever_listens_is_told_with_the_commit(rig: Rig) -> None:
    """A listener gets the changes of a ladder after the commit, and nothing of a rollback."""
    told: list[WatchChange] = []
    rig.store.listen(told.append)
    incident = await with_steps(rig, "one", 15 * MINUTE)
    assert told == []
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries([owed(DeliveryKind.ALERT, incident=incident.id)])
        EscalationWrites(tx.sql).watch(incident.id)
    [begun] = told
    assert begun == WatchChange(
        tuple(await MirrorRows(rig.store.sql).watched(without=[], limit=1)), frozenset()
    )
    with pytest.raises(IncidentNotFound):
        await _fail_to_end(rig, incident)
    assert told == [begun]
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).cancel_ladder(incident.id)
    assert told[1:] == [WatchChange((), frozenset({f"inc:{incident.id}"}))]
    async with rig.store.transaction() as tx:
        await EscalationWrites(tx.sql).cancel_ladder(incident.id)
        await EscalationWrites(tx.sql).insert_steps(
            [Step(incident.id, 7, await tx.now(), HERE, starts_at=await tx.now())]
        )
        EscalationWrites(tx.sql).watch(incident.id)
    assert [[rung.index for rung in watch.rungs] for watch in told[2].begun] == [[7]]
    assert told[2].ended == frozenset()

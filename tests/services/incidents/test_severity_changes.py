"""Another severity: its channel, mention, deadline and ladder hold from then on."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import (
    IncidentNotFound,
    InvalidTransition,
    NotPermitted,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident.transitions import AckVia
from bot.domain.jobs import JobName
from bot.domain.severity import SeverityChange
from bot.domain.timeline.entries import TimelineKind
from bot.services.incidents.updates import NewUpdate
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.outcomes import notices, pending

ALERT, NOTICE, ESCALATION, PAGE = (
    DeliveryKind.ALERT,
    DeliveryKind.NOTICE,
    DeliveryKind.ESCALATION,
    DeliveryKind.PAGE,
)


async def test_sev3_to_sev1_rings_pages_and_escalates(desk: Desk) -> None:
    """The rules of SEV1 from that moment: announced in its channel, on-call by DM, the ladder at +15 min."""
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.pass_time(minutes=20)
    result = await desk.lifecycle.change_severity(incident.id, to="SEV1", by=RESPONDER, reason="決済も\n5xx")
    await desk.work()
    assert (result.before, result.reposts) == ("SEV3", True)
    assert desk.sent(ALERT) == ["channel:p2-deploys", "channel:p0-alerts"]
    assert desk.sent(PAGE) == ["person:primary"]
    due = (await IncidentRows(desk.store.sql).incident(incident.id)).ack_due_at
    assert (due - desk.clock.time).total_seconds() == 15 * 60
    await desk.pass_time(minutes=14)
    assert desk.sent(ESCALATION) == []
    await desk.pass_time(minutes=2)
    assert desk.sent(ESCALATION) == ["channel:p0-alerts"]
    assert desk.sent(PAGE) == ["person:primary", "person:primary", "person:secondary"]
    entry = next(
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.SEVERITY_CHANGED
    )
    facts = {"before": "SEV3", "after": "SEV1", "reason": "決済も 5xx"}
    assert {name: (entry.data or {}).get(name) for name in facts} == facts
    assert entry.actor_name == "responder"


@pytest.mark.parametrize("blank", ["", "   ", " \n\u3000\t"])
async def test_a_change_says_why(desk: Desk, blank: str) -> None:
    """A reason of blanks is none, from the command and from the form alike; nothing has changed."""
    incident = await desk.open("SEV3")
    with pytest.raises(UserError, match="reason_empty"):
        await desk.lifecycle.change_severity(incident.id, to="SEV1", by=RESPONDER, reason=blank)
    assert await IncidentRows(desk.store.sql).incident(incident.id) == incident


async def test_the_thread_moves_up_and_says_so_where_it_was(desk: Desk) -> None:
    """The line is in the new thread; the old one gets a farewell; both belong to the incident."""
    incident = await desk.open("SEV3")
    await desk.work()
    old = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=RESPONDER, reason="r")
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.thread.id not in (None, old)
    assert await notices(desk) == ["thread_moved", "severity_changed"]
    farewell = next(
        one for one in await desk.database.deliveries() if one.data.get("notice") == "thread_moved"
    )
    assert farewell.to == f"thread:{old}"
    assert old is not None
    assert await IncidentRows(desk.store.sql).incident_by_thread(old) == await IncidentRows(
        desk.store.sql
    ).incident(incident.id)


async def test_sev1_to_sev3_stops_the_sev1_ladder(desk: Desk) -> None:
    """Lowering SEV1 to SEV3 stops the escalation, keeps the thread, and posts a second alert."""
    incident = await desk.open("SEV1")
    await desk.work()
    thread = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id
    await desk.pass_time(minutes=5)
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=RESPONDER, reason="dev だけ")
    await desk.pass_time(hours=5)
    assert desk.sent(ESCALATION) == []
    assert desk.sent(ALERT) == ["channel:p0-alerts", "channel:p2-deploys"]
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id == thread
    assert await pending(desk, incident.id) == 0  # the morning triage asks about it
    await desk.pass_time(days=1)
    assert desk.sent(ESCALATION) == []


async def test_a_step_that_is_due_belongs_to_the_ladder_of_its_severity(desk: Desk) -> None:
    """The change commits first: what was due of the old ladder is not decided."""
    incident = await desk.open("SEV1")
    await desk.work()
    due = (await IncidentRows(desk.store.sql).incident(incident.id)).ack_due_at - desk.clock.time
    await desk.database.advance(due)
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=RESPONDER, reason="r")
    await desk.escalations.decide(incident.id, 1)
    await desk.work()
    assert desk.sent(ESCALATION) == []


async def test_an_escalation_under_way_is_held_back_by_a_change(desk: Desk) -> None:
    """Discord did not take it in time: it would ring for a severity that no longer holds."""
    incident = await desk.open("SEV1")
    await desk.work()
    desk.discord.failures = [UpstreamUnavailable("away"), UpstreamUnavailable("away")]
    due = (await IncidentRows(desk.store.sql).incident(incident.id)).ack_due_at - desk.clock.time
    await desk.database.advance(due)
    await desk.escalations.decide(incident.id, 1)
    for job in await desk.database.take_due_jobs():
        if job.name is JobName.DELIVER and job.payload:
            again = await desk.deliveries.deliver(int(job.payload))
            if again is not None:
                async with desk.store.transaction() as tx:
                    await tx.enqueue(type(job)(job.name, job.payload, job.key, job.priority, again))
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=RESPONDER, reason="r")
    await desk.pass_time(minutes=2)
    assert desk.sent(ESCALATION) == []


async def test_two_people_change_at_once(desk: Desk) -> None:
    """Of two people who set the same severity at once, one changes it, and the other is refused."""
    incident = await desk.open("SEV3")
    await desk.work()
    results = await asyncio.gather(
        desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="a"),
        desk.lifecycle.change_severity(incident.id, to="SEV1", by=SECONDARY, reason="b"),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, InvalidTransition)]
    assert [one.key for one in refused] == ["same_severity"]
    await desk.work()
    assert desk.sent(ALERT) == ["channel:p2-deploys", "channel:p0-alerts"]
    assert desk.sent(PAGE) == ["person:primary"]


async def test_changing_to_and_fro_announces_each_change(desk: Desk) -> None:
    """No key is used twice, no ladder is left over."""
    incident = await desk.open("SEV1")
    await desk.work()
    for to in ("SEV2", "SEV1", "SEV3"):
        await desk.lifecycle.change_severity(incident.id, to=to, by=RESPONDER, reason=to)
        await desk.work()
    assert desk.sent(ALERT) == [
        f"channel:{name}" for name in ("p0-alerts", "p1-ops", "p0-alerts", "p2-deploys")
    ]
    assert await pending(desk, incident.id) == 0
    await desk.pass_time(hours=9)
    assert desk.sent(ESCALATION) == []


async def test_an_acknowledged_one_is_announced_anew_without_a_ladder(desk: Desk) -> None:
    """Raising an acknowledged incident posts an alert again, starts no ladder, and sets the next update."""
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="r")
    await desk.work()
    assert desk.sent(ALERT) == ["channel:p2-deploys", "channel:p0-alerts"]
    assert await pending(desk, incident.id) == 0
    owed = (await IncidentRows(desk.store.sql).incident(incident.id)).updates.due_at
    assert owed is not None
    assert (owed - desk.clock.time).total_seconds() == 30 * 60


async def promised(desk: Desk, severity: str, *, in_minutes: int) -> int:
    """An acknowledged incident with a promise of the next update; its number."""
    incident = await desk.open(severity, key=f"{in_minutes}")
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    promise = NewUpdate("調査中", None, timedelta(minutes=in_minutes), (), (), key="interaction:8")
    await desk.updates.tell(incident.id, promise, by=PRIMARY)
    await desk.work()
    return incident.id


async def due_in(desk: Desk, incident_id: int) -> float | None:
    """In how many minutes the next update is due."""
    due_at = (await IncidentRows(desk.store.sql).incident(incident_id)).updates.due_at
    return None if due_at is None else (due_at - desk.clock.time).total_seconds() / 60


async def test_a_lower_severity_keeps_the_promised_update(desk: Desk) -> None:
    """Lowering the severity keeps the time at which the next status update was promised.

    The update is asked for at that time, and an overdue update stays overdue.
    """
    number = await promised(desk, "SEV1", in_minutes=45)
    result = await desk.lifecycle.change_severity(number, to="SEV2", by=PRIMARY, reason="一部だけ")
    assert (result.keeps_promise, await due_in(desk, number)) == (True, 45)
    entry = next(
        e
        for e in await TimelineRows(desk.store.sql).timeline(number)
        if e.kind is TimelineKind.SEVERITY_CHANGED
    )
    assert "next_at" not in (entry.data or {}), "nothing has changed"
    await desk.pass_time(minutes=45)
    assert "update_due" in await notices(desk)
    due_at = (await IncidentRows(desk.store.sql).incident(number)).updates.due_at
    await desk.lifecycle.change_severity(number, to="SEV3", by=SECONDARY, reason="dev だけ")
    late = (await IncidentRows(desk.store.sql).incident(number)).updates
    assert (late.due_at, late.reminders) == (due_at, 1), "it stays overdue"


async def test_an_update_that_was_promised_before_anybody_acknowledged_stays(desk: Desk) -> None:
    """A change of severity keeps the time of an update that was promised before the acknowledge."""
    incident = await desk.open("SEV1")
    promise = NewUpdate("調査中", None, timedelta(minutes=45), (), (), key="interaction:8")
    await desk.updates.tell(incident.id, promise, by=RESPONDER)
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=RESPONDER, reason="dev だけ")
    assert await due_in(desk, incident.id) == 45


async def test_a_higher_severity_brings_the_update_forward_only(desk: Desk) -> None:
    """30 minutes are what a SEV1 asks for; an earlier promise counts."""
    number = await promised(desk, "SEV2", in_minutes=90)
    result = await desk.lifecycle.change_severity(number, to="SEV1", by=PRIMARY, reason="広がった")
    assert (result.keeps_promise, await due_in(desk, number)) == (False, 30)
    other = await promised(desk, "SEV2", in_minutes=15)
    result = await desk.lifecycle.change_severity(other, to="SEV1", by=PRIMARY, reason="広がった")
    assert (result.keeps_promise, await due_in(desk, other)) == (True, 15)


async def test_a_person_moves_the_promise_to_the_lower_severity(desk: Desk) -> None:
    """A person can move the promised update once to the lower severity's interval; the thread gets a line.

    A person without permission is refused, and so is a severity that the incident no longer has.
    """
    number = await promised(desk, "SEV1", in_minutes=45)
    await desk.lifecycle.change_severity(number, to="SEV2", by=PRIMARY, reason="一部だけ")
    with pytest.raises(NotPermitted):
        await desk.promises.follow_severity(number, severity="SEV2", by=OBSERVER, key="interaction:9")
    for _ in range(2):
        await desk.promises.follow_severity(number, severity="SEV2", by=SECONDARY, key="interaction:9")
        await desk.work()
    assert await due_in(desk, number) == 120
    assert (await notices(desk))[-2:] == ["severity_changed", "updated"]
    await desk.pass_time(minutes=60)
    assert "update_due" not in await notices(desk)
    await desk.lifecycle.change_severity(number, to="SEV3", by=PRIMARY, reason="dev だけ")
    with pytest.raises(InvalidTransition, match="severity_moved"):
        await desk.promises.follow_severity(number, severity="SEV2", by=PRIMARY, key="interaction:10")


async def shown_change(desk: Desk, incident_id: int) -> SeverityChange | None:
    """Let the alert be edited, and return the change of severity that it is given."""
    await desk.work()
    incident = await IncidentRows(desk.store.sql).incident(incident_id)
    assert incident.version in [version for version, shown in desk.discord.refreshed if ALERT in shown]
    return incident.regraded


async def test_the_posts_learn_who_changed_the_severity(desk: Desk) -> None:
    """Posts are edited after a change of severity, with its author, time and reason and both severities.

    A change by a merge has the number of the merged incident instead of a reason.
    """
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.lifecycle.change_severity(incident.id, to="SEV2", by=RESPONDER, reason="決済も")
    told = SeverityChange(before="SEV3", after="SEV2", by="responder", at=desk.clock.time, reason="決済も")
    assert await shown_change(desk, incident.id) == told
    worse = await desk.open("SEV1", key="worse")
    await desk.merging.merge(worse.id, into=incident.id, by=PRIMARY)
    told = SeverityChange(before="SEV2", after="SEV1", by="primary", at=desk.clock.time, merged=worse.id)
    assert await shown_change(desk, incident.id) == told


async def test_a_change_before_the_alert_was_posted_posts_it_once(desk: Desk) -> None:
    """Discord was away: what was never sent is not sent under a severity that no longer holds."""
    desk.discord.failures = [UpstreamUnavailable("away")] * 4
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=RESPONDER, reason="r")
    await desk.pass_time(minutes=2)
    assert desk.sent(ALERT) == ["channel:p2-deploys"]
    assert len(desk.sent(DeliveryKind.THREAD)) == 1


async def test_a_late_alert_does_not_take_the_newer_ones_place(desk: Desk) -> None:
    """An alert that reaches Discord after the alert of a new severity does not become the incident's post.

    Links go on leading to the newer alert.
    """
    incident = await desk.open("SEV2")
    desk.discord.failures = [UpstreamUnavailable("away")]
    job = next(job for job in await desk.database.take_due_jobs() if job.name is JobName.DELIVER)
    assert await desk.deliveries.deliver(int(job.payload)) is not None
    first = await DeliveryRows(desk.store.sql).delivery(int(job.payload))
    assert first.kind is ALERT
    async with desk.store.transaction() as tx:
        await IncidentWrites(tx.sql).set_places(incident.id, thread_id=77)
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=RESPONDER, reason="r")
    await desk.work()
    newer = (await IncidentRows(desk.store.sql).incident(incident.id)).post.message_id
    await desk.deliveries.deliver(first.id)
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).post.message_id == newer


async def test_severities_that_are_not_there_and_people_who_may_not(desk: Desk) -> None:
    """An unknown severity, a person without permission and an unknown incident are refused.

    The severity stays as it was, and the refusal of the person is in the audit.
    """
    incident = await desk.open("SEV3")
    with pytest.raises(UserError, match="severity_unknown"):
        await desk.lifecycle.change_severity(incident.id, to="SEV9", by=RESPONDER, reason="r")
    with pytest.raises(NotPermitted):
        await desk.lifecycle.change_severity(incident.id, to="SEV1", by=OBSERVER, reason="r")
    with pytest.raises(IncidentNotFound):
        await desk.lifecycle.change_severity(404, to="SEV1", by=RESPONDER, reason="r")
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).severity == "SEV3"
    refusal = next(row for row in await desk.database.audit_rows() if not row.allowed)
    assert (refusal.actor_name, refusal.action) == ("observer", "severity")


async def test_a_severity_that_has_moved_is_not_undone(desk: Desk) -> None:
    """A change is refused if the severity is no longer the one that the person saw."""
    incident = await desk.open("SEV2")
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="広がった")
    change = desk.lifecycle.change_severity
    with pytest.raises(InvalidTransition, match="severity_moved") as refused:
        await change(incident.id, to="SEV3", by=RESPONDER, reason="小さい", was="SEV2")
    assert refused.value.fields["severity"] == "SEV1"
    with pytest.raises(InvalidTransition, match="same_severity"):
        await change(incident.id, to="SEV1", by=RESPONDER, reason="広がった", was="SEV2")
    assert (await change(incident.id, to="SEV3", by=RESPONDER, reason="小さい", was="SEV1")).before == "SEV1"

"""Show many escalations at once: decided together, reported by one message, acknowledged with one press."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import DeliveryRefused, DiscordAway, NotPermitted
from bot.domain.escalation.ladder import Due, StepStatus
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.runbook import load_policy
from bot.services.acknowledging.reconciliation import READ_WITHIN_S
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.transaction import Transaction
from tests.fakes.discord import FakeDiscord
from tests.services.desk import OBSERVER, PRIMARY, SECONDARY, Desk

MANY = 7


async def open_many(desk: Desk, count: int = MANY, severity: str = "SEV1") -> list[Incident]:
    """So many incidents, everything of their opening sent."""
    opened = []
    for number in range(count):
        opened.append(await desk.open(severity, key=f"{severity}:{number}"))
        await desk.work()
    return opened


async def sent(desk: Desk, kind: AnyDeliveryKind, *, bundled: bool) -> list[Delivery]:
    """What has arrived of a kind, by itself or within a bundle."""
    return [
        one
        for one in await desk.database.deliveries()
        if one.kind is kind and one.status is DeliveryStatus.SENT and (one.bundle_id is not None) == bundled
    ]


async def test_steps_due_together_become_one_message_per_place(desk: Desk) -> None:
    """One `@here` and one DM each, instead of twenty-one messages; each history tells of its own."""
    incidents = await open_many(desk)
    desk.discord.sent.clear()
    await desk.pass_time(minutes=15, seconds=3)
    rung = [to for kind, to in desk.discord.sent if kind is DeliveryKind.BUNDLE]
    assert sorted(rung) == ["channel:p0-alerts", "person:primary", "person:secondary"]
    assert not await sent(desk, DeliveryKind.ESCALATION, bundled=False)
    told = await sent(desk, DeliveryKind.ESCALATION, bundled=True)
    assert sorted(one.incident_id or 0 for one in told) == [one.id for one in incidents]
    for incident in incidents:
        kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
        assert kinds.count(TimelineKind.ESCALATED) == 1
        assert kinds.count(TimelineKind.PAGED) == 3, "at once, and one each at the deadline"


async def test_fewer_than_the_policy_says_ring_one_by_one(desk: Desk) -> None:
    """Fewer incidents than the policy's threshold for a bundle are escalated one by one, without a bundle."""
    await open_many(desk, 4)
    await desk.pass_time(minutes=15, seconds=3)
    assert len(await sent(desk, DeliveryKind.ESCALATION, bundled=False)) == 4
    assert desk.sent(DeliveryKind.BUNDLE) == []


async def test_severities_are_not_mixed(desk: Desk) -> None:
    """Two SEV2 beside seven SEV1 have their own messages."""
    await open_many(desk, 2, "SEV2")
    await desk.pass_time(hours=3, minutes=45)
    await open_many(desk)
    await desk.pass_time(minutes=15, seconds=3)
    assert len(await sent(desk, DeliveryKind.ESCALATION, bundled=False)) == 2
    assert len(await sent(desk, DeliveryKind.ESCALATION, bundled=True)) == MANY


async def test_first_pages_of_many_incidents_are_bundled_when_they_are_sent(desk: Desk) -> None:
    """The first pages of many incidents, queued one by one, are sent as one bundle."""
    for number in range(MANY):
        await desk.open("SEV1", key=str(number))
    await desk.work()
    await desk.pass_time(seconds=1)
    assert desk.sent(DeliveryKind.PAGE) == []
    assert desk.sent(DeliveryKind.BUNDLE) == ["person:primary"]
    assert len(await sent(desk, DeliveryKind.PAGE, bundled=True)) == MANY


async def test_eyes_on_the_bundle_acknowledge_all_it_tells_of(desk: Desk) -> None:
    """A 👀 on a bundle acknowledges all its incidents, and each of the three bundles is edited once."""
    incidents = await open_many(desk)
    await desk.pass_time(minutes=15, seconds=3)
    bundle = desk.message(DeliveryKind.BUNDLE)
    await desk.eyes(bundle, by=PRIMARY)
    await desk.pass_time(seconds=3)
    for incident in incidents:
        assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    assert desk.discord.bundles == [(0, MANY)] * 3, "one edit for each of the three bundles"


async def test_eyes_on_a_bundle_whose_event_was_lost(desk: Desk) -> None:
    """The reconciliation finds a 👀 on a bundle whose event was lost, and acknowledges all its incidents."""
    await open_many(desk)
    await desk.pass_time(minutes=15, seconds=3)
    desk.discord.reactions[desk.message(DeliveryKind.BUNDLE)] = [PRIMARY]
    assert await desk.reconciler.reconcile_all() == MANY


async def test_the_button_acknowledges_all_and_counts_those_that_had_somebody(desk: Desk) -> None:
    """The bundle's button acknowledges all incidents and counts those taken before; outsiders are refused."""
    incidents = await open_many(desk)
    await desk.pass_time(minutes=15, seconds=3)
    [bundle_id] = {one.bundle_id for one in await sent(desk, DeliveryKind.ESCALATION, bundled=True)}
    assert bundle_id is not None
    await desk.acknowledger.acknowledge(incidents[0].id, by=SECONDARY, via=AckVia.BUTTON)
    with pytest.raises(NotPermitted):
        await strict(desk).bundles.acknowledge(bundle_id, by=OBSERVER)
    result = await desk.bundles.acknowledge(bundle_id, by=PRIMARY)
    assert (result.first, result.others) == (MANY - 1, 1)


async def test_what_is_acknowledged_before_the_bundle_goes_drops_out(desk: Desk) -> None:
    """An incident acknowledged before its bundle is sent is left out of it."""
    incidents = await open_many(desk)
    await desk.database.advance(timedelta(minutes=15))
    await work_once(desk)
    await desk.acknowledger.acknowledge(incidents[0].id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(seconds=3)
    told = await sent(desk, DeliveryKind.ESCALATION, bundled=True)
    assert sorted(one.incident_id or 0 for one in told) == [one.id for one in incidents[1:]]


async def test_when_everybody_has_acknowledged_nothing_is_sent(desk: Desk) -> None:
    """A bundle is not sent if all of its incidents have been acknowledged before it is due."""
    incidents = await open_many(desk)
    await desk.database.advance(timedelta(minutes=15))
    await work_once(desk)
    for incident in incidents:
        await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    desk.discord.sent.clear()
    await desk.pass_time(seconds=3)
    assert desk.sent(DeliveryKind.BUNDLE) == []


async def test_a_bundle_whose_answer_was_lost_is_adopted(desk: Desk) -> None:
    """A bundle that was posted without an answer is adopted as sent, so the channel gets it once."""
    await open_many(desk)
    await desk.database.advance(timedelta(minutes=15))
    await work_once(desk)
    desk.discord.swallow = True
    desk.discord.sent.clear()
    await desk.pass_time(seconds=10)
    assert desk.sent(DeliveryKind.BUNDLE).count("channel:p0-alerts") == 1
    assert len(await sent(desk, DeliveryKind.ESCALATION, bundled=True)) == MANY


async def test_a_bundle_that_discord_refuses_is_one_email_and_a_row_each(desk: Desk) -> None:
    """Layers two and three: every incident is on record, the on-call has one mail for all."""
    await open_many(desk)
    await desk.database.advance(timedelta(minutes=15))
    await work_once(desk)
    desk.discord.failures += [DeliveryRefused("Missing Access", http_status=403, code=50001)] * 3
    await desk.pass_time(minutes=1)
    mails = [mail for mail in desk.mailer.sent if "INC-1 INC-2" in mail.subject]
    assert len(mails) == 2, "one each; the DMs would have said the same"
    rows = await desk.database.dlq_entries()
    assert len(rows) == 3 * MANY
    assert all(row.fallback_email_sent for row in rows)


async def test_many_during_an_outage_are_one_email_per_step_and_ring_once_afterwards(desk: Desk) -> None:
    """Seven deadlines of two steps are missed meanwhile: four emails, and one message per place."""
    await open_many(desk)
    desk.discord.failures = [DiscordAway("HTTP 503", http_status=503, retry_after_s=30.0)] * 5_000
    await desk.pass_time(minutes=40, step_s=60)
    assert len([mail for mail in desk.mailer.sent if "INC-1 INC-2" in mail.subject]) == len(desk.mailer.sent)
    assert len(desk.mailer.sent) == 2 * 2
    desk.discord.failures = []
    desk.discord.sent.clear()
    await desk.pass_time(minutes=3)
    rung = [to for kind, to in desk.discord.sent if kind is DeliveryKind.BUNDLE]
    assert sorted(rung) == ["channel:p0-alerts", "person:primary", "person:secondary"]
    assert {d.status for d in await desk.database.deliveries()} == {
        DeliveryStatus.SENT,
        DeliveryStatus.CANCELLED,
    }
    assert all(
        d.is_late for d in await desk.database.deliveries() if d.kind is DeliveryKind.BUNDLE and d.message_id
    )


async def test_no_room_on_a_route_is_no_failed_attempt(desk: Desk) -> None:
    """A delivery without room on its route counts no attempt, and is sent as soon as there is room."""
    await desk.open("SEV1")
    desk.discord.crowded[7] = timedelta(seconds=5)
    await desk.work()
    assert desk.discord.sent == []
    assert {(one.attempts, one.first_sent_at) for one in await desk.database.deliveries()} == {(0, None)}
    desk.discord.crowded.clear()
    await desk.pass_time(seconds=6)
    assert DeliveryKind.ALERT in {kind for kind, _ in desk.discord.sent}


async def test_discord_that_does_not_answer_holds_a_decision_up_for_a_moment_only(desk: Desk) -> None:
    """An escalation too many is better than one too late: a budget for all, several at a time."""
    await open_many(desk, 10)
    desk.discord.is_silent = True
    await desk.database.advance(timedelta(minutes=15))
    loop = asyncio.get_running_loop()
    started = loop.time()
    await work_once(desk)
    assert loop.time() - started < READ_WITHIN_S + 1.0
    assert 1 < len(desk.discord.asked) < 10
    done = [
        step
        for one in range(1, 11)
        for step in await EscalationRows(desk.store.sql).steps(one)
        if step.index == 1
    ]
    assert {step.status.value for step in done} == {"done"}


async def test_a_step_that_comes_due_during_a_sweep_is_looked_at_again(desk: Desk) -> None:
    """The job of a step that comes due during a sweep does not wait, but comes again in two seconds."""
    desk.discord.is_silent = True
    first, second = await open_many(desk, 2)
    await desk.database.advance(timedelta(minutes=15))
    sweeping = asyncio.create_task(desk.due_steps.decide(first.id, 1))
    while not desk.discord.asked:  # noqa: ASYNC110 -- nobody signals it
        await asyncio.sleep(0)
    assert await desk.due_steps.decide(second.id, 1) == timedelta(seconds=2)
    assert await sweeping is None
    assert await desk.due_steps.decide(second.id, 1) is None


async def test_a_sweep_takes_along_what_came_due_since_it_looked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep also decides a step that came due after its last look and whose job was put off."""
    [first] = await open_many(desk, 1)
    await desk.database.advance(timedelta(seconds=5))
    second = await desk.open(key="later")
    await desk.work()
    await desk.database.advance(timedelta(minutes=15) - timedelta(seconds=5))
    decide_due = desk.due_steps.decide_due
    sent_away: list[timedelta | None] = []

    async def decide_and_be_late(before: datetime, *, limit: int) -> int:
        decided = await decide_due(before, limit=limit)
        if not decided and not sent_away:
            await desk.database.advance(timedelta(seconds=5))
            sent_away.append(await desk.due_steps.decide(second.id, 1))
        return decided

    monkeypatch.setattr(desk.due_steps, "decide_due", decide_and_be_late)
    await desk.due_steps.decide(first.id, 1)
    assert sent_away == [timedelta(seconds=2)]
    assert (await EscalationRows(desk.store.sql).steps(second.id))[1].status is StepStatus.DONE


async def test_a_whole_pass_begins_anew_when_it_is_asked_for_meanwhile(desk: Desk) -> None:
    """A session that was lost during a pass may have lost what the pass had looked at already."""
    await open_many(desk, 3)
    gate = asyncio.Event()
    reads: list[Sequence[tuple[int, int]]] = []

    class Held(FakeDiscord):
        async def acknowledgers(
            self, places: Sequence[tuple[int, int]], *, guild_id: int
        ) -> AsyncIterator[tuple[Person, int]]:
            reads.append(places)
            await gate.wait()
            async for found in super().acknowledgers(places, guild_id=guild_id):
                yield found

    held = Held()
    desk.use(held)
    first = asyncio.create_task(desk.reconciler.reconcile_all())
    await asyncio.sleep(0)
    second = asyncio.create_task(desk.reconciler.reconcile_all())
    assert await desk.reconciler.reconcile_some() == 0
    gate.set()
    assert (await first, await second) == (0, 0)
    assert len(reads) == 2 * 3


async def test_discord_that_is_away_costs_a_bundle_no_edit(desk: Desk) -> None:
    """A bundle that cannot be edited while Discord is away is edited when Discord is back."""
    await open_many(desk)
    await desk.pass_time(minutes=15, seconds=3)
    desk.discord.is_away = True
    incident = await IncidentRows(desk.store.sql).incident(1)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(seconds=3)
    assert desk.discord.bundles == []
    desk.discord.is_away = False
    await desk.pass_time(seconds=30)
    assert desk.discord.bundles == [(MANY - 1, MANY)] * 3


async def work_once(desk: Desk) -> None:
    """Let the sweep decide, and nothing be sent yet: what is due now, once."""
    for job in await desk.database.take_due_jobs():
        await desk.run(job)


def strict(desk: Desk) -> Desk:
    """The same desk under a policy whose observers may not acknowledge."""
    policy = load_policy(None)
    permissions = replace(policy.permissions, acknowledge=("on-call",))
    desk.policy = replace(policy, permissions=permissions)
    desk.use(desk.discord)
    return desk


async def test_an_outsiders_eyes_on_a_bundle_are_refused_once(desk: Desk) -> None:
    """An observer's reaction to a bundle is refused once on record, not once for each of its incidents."""
    incidents = await open_many(desk)
    before = len(await desk.database.audit_rows())
    with pytest.raises(NotPermitted):
        await desk.acknowledger.acknowledge_each(incidents, by=OBSERVER, via=AckVia.REACTION)
    assert len(await desk.database.audit_rows()) == before + 1


async def test_a_sweep_says_that_it_decides(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is marked as deciding from before a sweep's commit on, unless nothing is left to decide."""
    [first] = await open_many(desk, 1)
    await desk.database.advance(timedelta(minutes=15))
    told: list[bool] = []
    queue_messages = desk.due_steps._queue_messages

    async def look_and_tell(tx: Transaction, due: Sequence[Due]) -> None:
        told.append(desk.queue.is_deciding)
        await queue_messages(tx, due)

    monkeypatch.setattr(desk.due_steps, "_queue_messages", look_and_tell)
    await desk.due_steps.decide(first.id, 1)
    assert told == [True]
    assert desk.queue.is_deciding
    desk.queue._decided_at = float("-inf")
    await desk.due_steps.decide(first.id, 1)
    assert not desk.queue.is_deciding, "there was nothing left"


async def test_one_that_cannot_be_decided_with_the_others_holds_up_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in what they have in common: each is decided by its own job."""
    incidents = await open_many(desk)

    async def broken(*_: object) -> None:
        raise KeyError("SEV9")

    monkeypatch.setattr(desk.due_steps, "_queue_messages", broken)
    await desk.pass_time(minutes=15, seconds=30)
    for incident in incidents:
        kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
        assert kinds.count(TimelineKind.ESCALATED) == 1

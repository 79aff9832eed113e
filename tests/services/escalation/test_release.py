"""Show acknowledgements that end before their incident: by a release, or by silence."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.incident.forms import ChecklistPick, shown_details
from bot.domain.incident.incident import Incident, PersonRef, Role, Status
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.oncall.people import Who
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.domain.timeline.recorded import ThreadMessage
from bot.domain.triage.session import Evidence
from bot.i18n import Texts
from bot.services.escalation.release import ReleaseOutcome
from bot.services.incidents.details import NewDetails
from bot.services.incidents.updates import NewUpdate
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from tests.by_person import id_of, time_of
from tests.cogs.oncall.acts import oncall_of
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

UPDATE = NewUpdate(
    known="rollback 中", impact=None, next_in=timedelta(minutes=30), targets=(), symptoms=(), key="u"
)


async def acknowledged(desk: Desk, severity: str = "SEV1", *, after_min: float = 1) -> Incident:
    """Open an incident and let primary acknowledge it by a 👀 on its alert."""
    incident = await desk.open(severity)
    await desk.work()
    await desk.pass_time(minutes=after_min)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)] = [PRIMARY]
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.REACTION)
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def primary_stands_everywhere(desk: Desk) -> None:
    """One person at every place of the on-call order."""
    await oncall_of(desk).schedules.set_person(
        GUILD, "secondary", Who(PRIMARY.id, "primary", "primary"), by=PRIMARY
    )


async def reasons(desk: Desk, kind: AnyDeliveryKind) -> list[tuple[str, object]]:
    """Return the recipient and the reason of each delivery of *kind* that was queued ahead of its time."""
    found: list[Delivery] = [
        one for one in await desk.database.deliveries() if one.kind is kind and "why" in one.data
    ]
    return [(one.to, dict(one.data["why"])["kind"]) for one in found]  # type: ignore[call-overload]


def write(desk: Desk, incident: Incident, *, by: Person = PRIMARY) -> None:
    """Post a message in the incident's thread."""
    at, thread = desk.clock.time, incident.thread.id or 0
    said = Evidence(
        text="調べています",
        author_id=by.id,
        author_name=by.name,
        url="https://discord.com/channels/7/8/9",
        at=at,
    )
    desk.discord.messages[9] = ThreadMessage(9, thread, said)


async def test_whoever_lets_go_early_leaves_the_deadline_where_it_was(desk: Desk) -> None:
    """An early release pages the next person at once, and keeps the ladder's deadline."""
    incident = await acknowledged(desk)
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert (released.outcome, released.incident.status) == (ReleaseOutcome.RESUMED, Status.TRIGGERED)
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary"]
    assert await reasons(desk, DeliveryKind.PAGE) == [("person:secondary", "released")]
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=14)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_whoever_lets_go_late_lets_the_next_step_ring_at_once(desk: Desk) -> None:
    """After a late release the overdue step rings at once, and the step after it 15 minutes later."""
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=25)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert ("person:secondary", "released") in await reasons(desk, DeliveryKind.PAGE)
    await desk.pass_time(minutes=14)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1
    await desk.pass_time(minutes=1)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 2


async def test_after_the_deadline_post_and_dm_say_when_the_ladder_goes_on(desk: Desk) -> None:
    """After a late release, the post's first line names the time of the next step as the deadline.

    The DM to the next person says that the step calls the whole channel at that time.
    """
    incident = await acknowledged(desk, after_min=61)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    shown, words = (
        await IncidentRows(desk.store.sql).shown_incident(incident.id),
        Wording(Texts.load(), desk.policy),
    )
    following = shown.calls.following
    assert following is not None
    at = words.clock(following.due_at, on=incident.triggered_at)
    [post] = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT]
    hour = words.hour(following.due_at, on=incident.triggered_at)
    assert str(render(words, post, shown)["content"]).endswith(f"から担当なし** · 次の通知 {hour}")
    page = (await DeliveryRows(desk.store.sql).pages(incident.id))[-1]
    assert "released" in str(page.data["why"])
    assert f"誰も取らないと：{at} @here" in str(render(words, page, shown)["embeds"])


@pytest.mark.parametrize(("severity", "channel"), [("SEV1", "channel:p0-alerts"), ("SEV2", "channel:p1-ops")])
async def test_the_only_one_on_call_lets_go_and_the_channel_is_told_at_once(
    desk: Desk, severity: str, channel: str
) -> None:
    """If the only person on call releases, the channel is notified at once, and the ladder goes on."""
    await primary_stands_everywhere(desk)
    incident = await acknowledged(desk, severity)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == [channel]
    assert await reasons(desk, DeliveryKind.ESCALATION) == [(channel, "released")]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"], "not whoever has just let go"
    await desk.pass_time(hours=4)
    assert len(desk.sent(DeliveryKind.ESCALATION)) > 1


async def test_the_only_one_on_call_lets_go_late_and_the_channel_is_told_once(desk: Desk) -> None:
    """The ladder's next step is due: it tells the channel."""
    await primary_stands_everywhere(desk)
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=25)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_whoever_acknowledges_first_after_a_reopening_is_on_it(desk: Desk) -> None:
    """Ended without an acknowledge, reopened, handed back: the next acknowledge is the first, and theirs."""
    incident = await desk.open("SEV2")
    await desk.lifecycle.resolve(incident.id, by=RESPONDER)
    await desk.lifecycle.reopen(incident.id, by=SECONDARY)
    await desk.pass_time(minutes=1)
    await desk.releasing.release(incident.id, by=SECONDARY)
    result = await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.on_it is not None
    assert (result.outcome, now.on_it.id, id_of(now.acknowledged)) == (
        AckOutcome.FIRST,
        PRIMARY.id,
        PRIMARY.id,
    )
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    assert (released.outcome, released.incident.status) == (ReleaseOutcome.RESUMED, Status.TRIGGERED)


async def test_whoever_was_on_it_before_it_ended_is_not_on_it_once_it_is_reopened(desk: Desk) -> None:
    """Secondary reopens it and lets go: the ladder goes on, and primary's 👀 of before says nothing."""
    incident = await acknowledged(desk)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(hours=1)
    await desk.lifecycle.reopen(incident.id, by=SECONDARY)
    with pytest.raises(InvalidTransition):
        await desk.releasing.release(incident.id, by=PRIMARY)
    released = await desk.releasing.release(incident.id, by=SECONDARY)
    await desk.work()
    assert (released.outcome, released.incident.status) == (ReleaseOutcome.RESUMED, Status.TRIGGERED)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    await desk.reconciler.reconcile_all()
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED


async def test_somebody_who_has_joined_takes_over(desk: Desk) -> None:
    """After a release a person who had joined takes over, with the promised update; nothing escalates."""
    incident = await acknowledged(desk)
    promised = incident.updates.due_at
    await desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.BUTTON)
    await desk.pass_time(minutes=10)
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=20)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (released.outcome, now.status) == (ReleaseOutcome.PASSED, Status.ACKNOWLEDGED)
    assert now.on_it is not None
    assert (now.on_it.id, id_of(now.acknowledged)) == (RESPONDER.id, PRIMARY.id)
    assert promised is not None
    assert now.updates.due_at == promised
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def offers(desk: Desk) -> list[tuple[str, DeliveryStatus]]:
    """Return the recipients of the DMs about who has it, and what became of each."""
    return [(d.to, d.status) for d in await desk.database.deliveries() if d.kind is DeliveryKind.OFFER]


async def last_entry(desk: Desk, incident: Incident, kind: TimelineKind) -> Mapping[str, object]:
    """Return the data of the last timeline entry of *kind*."""
    entries = await TimelineRows(desk.store.sql).timeline(incident.id)
    return next(entry.data for entry in reversed(entries) if entry.kind is kind) or {}


async def shown_offer(desk: Desk, incident: Incident, *, to: Person = RESPONDER) -> str:
    """Return the last DM to *to* about who has it, as it is shown now."""
    found = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.OFFER]
    offer = next(d for d in reversed(found) if d.to == f"user:{to.id}")
    shown = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    return str(render(Wording(Texts.load(), desk.policy), offer, shown))


async def test_whoever_takes_over_is_told_by_dm(desk: Desk) -> None:
    """The new responder gets one DM that says so, and the timeline says to whom it went."""
    incident = await acknowledged(desk)
    await desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.REACTION)
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert released.incident.owner.why is OwnerWhy.HANDED
    assert await offers(desk) == [("user:3", DeliveryStatus.SENT)]
    shown = await shown_offer(desk, incident)
    assert "@primary が手を離したため" in shown
    assert f"inc:v1:hand_back:{incident.id}" in shown
    told = await last_entry(desk, incident, TimelineKind.RELEASED)
    assert told == {"resumed": False, "to": {"id": 3, "name": "responder"}}
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]


@pytest.mark.parametrize("role", list(Role))
async def test_whoever_merely_has_a_role_is_asked_and_the_ladder_goes_on(desk: Desk, role: Role) -> None:
    """A role does not make its holder the responder: they are asked, and the ladder goes on meanwhile."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, role, by=RESPONDER)
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    asked = (PersonRef(3, "responder"),)
    assert (released.outcome, released.asked) == (ReleaseOutcome.RESUMED, asked)
    assert (released.incident.status, released.incident.on_it) == (Status.TRIGGERED, None)
    assert await offers(desk) == [("user:3", DeliveryStatus.SENT)]
    told = await last_entry(desk, incident, TimelineKind.RELEASED)
    assert told == {"resumed": True, "asked": [{"id": 3, "name": "responder"}]}
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary"]
    await desk.pass_time(minutes=14)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert len(await offers(desk)) == 1, "it has no timer of its own"
    await desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.BUTTON)
    await desk.releasing.release(incident.id, by=RESPONDER)
    await desk.work()
    assert len(await offers(desk)) == 1, "who lets go is not asked"


async def test_whoever_is_given_a_role_is_asked_too(desk: Desk) -> None:
    """The holder of a role who has never pressed anything is asked as those are who took one."""
    incident = await acknowledged(desk)
    await desk.roles.give(incident.id, Role.SCRIBE, to=RESPONDER, by=PRIMARY)
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    assert released.asked == (PersonRef(3, "responder"),)


async def test_a_role_holder_who_acknowledges_takes_over(desk: Desk) -> None:
    """A 👀 of a person who had joined with a role counts as joining, and they take over."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    joined = await desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.REACTION)
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    assert (joined.outcome, released.outcome) == (AckOutcome.JOINED, ReleaseOutcome.PASSED)


async def test_the_commander_who_has_it_joins_nothing_by_a_press(desk: Desk) -> None:
    """Whoever has it by taking command, and presses ack as well, is told that they are on it already."""
    incident = await desk.open()
    await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    again = await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    assert again.outcome is AckOutcome.ALREADY


async def test_whoever_the_ladder_pages_is_not_asked_as_well(desk: Desk) -> None:
    """The next person on call has a role: their page is enough, whatever Discord shows as their name."""
    suzuki = replace(SECONDARY, name="鈴木", username="secondary")
    desk.discord.members = [suzuki]
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.SCRIBE, by=suzuki)
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary"]
    assert (await offers(desk), released.asked) == ([], (PersonRef(2, "鈴木"),))


async def test_after_a_lapse_the_others_are_asked(desk: Desk) -> None:
    """A role holder and a responder who joined are asked; the silent one is not."""
    incident = await acknowledged(desk)
    third = replace(RESPONDER, id=5, name="third")
    await desk.acknowledger.acknowledge(incident.id, by=third, via=AckVia.BUTTON)
    await desk.pass_time(seconds=5)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    await desk.pass_time(minutes=46)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).owner.why is OwnerWhy.LAPSED
    assert sorted(await offers(desk)) == [("user:3", DeliveryStatus.SENT), ("user:5", DeliveryStatus.SENT)]
    told = await last_entry(desk, incident, TimelineKind.LAPSED)
    assert told["asked"] == [{"id": 5, "name": "third"}, {"id": 3, "name": "responder"}]
    assert "@primary から更新も応答もなく" in await shown_offer(desk, incident)


@pytest.mark.parametrize("act", ["ack", "resolve"])
async def test_an_offer_stays_true(desk: Desk, act: str) -> None:
    """Once another person has it, or it is over, the DM is edited; one that was not sent yet never is."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    await desk.releasing.release(incident.id, by=PRIMARY)
    assert f"inc:v1:ack:{incident.id}" in await shown_offer(desk, incident)
    if act == "ack":
        await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    else:
        await desk.lifecycle.resolve(incident.id, by=SECONDARY)
    shown = await shown_offer(desk, incident)
    assert "inc:v1:ack" not in shown
    assert "今やることはありません" in shown
    await desk.work()
    assert await offers(desk) == [("user:3", DeliveryStatus.CANCELLED)]


async def test_whoever_cannot_take_it_says_so(desk: Desk) -> None:
    """The refusal is on the timeline and in the thread once, the DM shows it, and nobody else is paged."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    pages, message_id = desk.sent(DeliveryKind.PAGE), desk.message(DeliveryKind.OFFER)
    await desk.pass_time(seconds=5)
    for _ in range(2):
        said = await desk.passing_on.decline(incident.id, by=RESPONDER, message_id=message_id)
    await desk.work()
    assert said.is_offer
    assert said.following is not None
    lines = [d for d in await desk.database.deliveries() if d.data.get("notice") == "offer_declined"]
    assert [(line.status, line.data["by"]) for line in lines] == [(DeliveryStatus.SENT, "responder")]
    entries = await TimelineRows(desk.store.sql).timeline(incident.id)
    assert [e.actor_id for e in entries if e.kind is TimelineKind.DECLINED] == [RESPONDER.id]
    assert desk.sent(DeliveryKind.PAGE) == pages
    shown = await shown_offer(desk, incident)
    assert "引き受けられないと伝えました" in shown
    # The next time they are asked anew.
    await desk.pass_time(seconds=5)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.pass_time(seconds=5)
    assert "引き受けられないと伝えました" not in await shown_offer(desk, incident)
    await desk.passing_on.decline(incident.id, by=RESPONDER, message_id=desk.message(DeliveryKind.OFFER))
    lines = [d for d in await desk.database.deliveries() if d.data.get("notice") == "offer_declined"]
    assert len(lines) == 2
    assert "引き受けられないと伝えました" in await shown_offer(desk, incident)


async def test_whoever_is_asked_may_say_so_in_the_server(desk: Desk) -> None:
    """[対応できない] of a post: it answers the offer, while it holds; another person was not called."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    pages = desk.sent(DeliveryKind.PAGE)
    bystander = replace(RESPONDER, id=77, name="bystander")
    with pytest.raises(UserError, match="not_called"):
        await desk.passing_on.decline(incident.id, by=bystander, message_id=None)
    said = await desk.passing_on.decline(incident.id, by=RESPONDER, message_id=None)
    await desk.work()
    assert said.is_offer
    assert "引き受けられないと伝えました" in await shown_offer(desk, incident)
    assert desk.sent(DeliveryKind.PAGE) == pages


async def test_an_offer_that_does_not_arrive_is_a_line_in_the_thread(desk: Desk) -> None:
    """The team tells the person; there is no DLQ entry, and the ladder does not wait."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    desk.discord.refused = {f"user:{RESPONDER.id}"}
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    [line] = [d for d in await desk.database.deliveries() if d.data.get("notice") == "role_undelivered"]
    assert (line.status, line.data["holder"]) == (DeliveryStatus.SENT, "responder")
    assert await desk.database.dlq_entries() == []


async def test_who_takes_over_after_a_reminder_has_their_own_time(desk: Desk) -> None:
    """The reminder asked the other person, and announced the end of the other's ack."""
    incident = await acknowledged(desk)
    await desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.BUTTON)
    await desk.pass_time(minutes=31)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).updates.reminders == 1
    await desk.releasing.release(incident.id, by=PRIMARY)
    now = (await IncidentRows(desk.store.sql).incident(incident.id)).updates
    assert (now.due_at, now.reminders) == (desk.clock.time + timedelta(minutes=30), 0)


async def test_only_those_who_are_on_it_let_go(desk: Desk) -> None:
    """A person who is not on the incident cannot release; a release by a joiner keeps the acknowledge."""
    incident = await acknowledged(desk)
    with pytest.raises(InvalidTransition):
        await desk.releasing.release(incident.id, by=SECONDARY)
    with pytest.raises(NotPermitted):
        await desk.releasing.release(incident.id, by=OBSERVER)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    assert (await desk.releasing.release(incident.id, by=SECONDARY)).outcome is ReleaseOutcome.STILL_HELD
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED


async def test_silence_past_one_reminder_lets_the_ack_lapse(desk: Desk) -> None:
    """A responder silent for 15 minutes after the reminder loses the acknowledge; escalation goes on.

    MTTA keeps the first acknowledge, and the old 👀 does not count again.
    """
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=30)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=15)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.status, time_of(now.acknowledged)) == (Status.TRIGGERED, time_of(incident.acknowledged))
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert await reasons(desk, DeliveryKind.ESCALATION) == [("channel:p0-alerts", "lapsed")]
    assert ("person:secondary", "lapsed") in await reasons(desk, DeliveryKind.PAGE)
    assert [e.kind for e in await TimelineRows(desk.store.sql).timeline(incident.id)].count(
        TimelineKind.LAPSED
    ) == 1
    await desk.reconciler.reconcile_all()
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED
    await desk.pass_time(minutes=15)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 2


@pytest.mark.parametrize(
    "act", ["update", "button", "join", "role", "thread", "note", "step", "details", "pin"]
)
async def test_any_sign_of_life_keeps_the_ack(desk: Desk, act: str) -> None:
    """After a reminder, any act on the incident or message in its thread keeps the acknowledge."""
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=40)
    match act:
        case "update":
            await desk.updates.tell(incident.id, UPDATE, by=PRIMARY)
        case "button":
            await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
        case "join":
            await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.REACTION)
        case "role":
            await desk.roles.take(incident.id, Role.SCRIBE, by=PRIMARY)
        case "thread":
            write(desk, incident)
        case "note":
            await desk.timelines.note(incident.id, by=PRIMARY, text="DB を調べています", key="n")
        case "step":
            sheet = desk.policy.checklist(incident.severity)
            pick = ChecklistPick(sheet.edition, shown=frozenset(), chosen=frozenset({0}))
            await desk.checklists.choose(incident.id, pick, by=PRIMARY)
        case "details":
            shown = shown_details(incident)
            await desk.details.correct(incident.id, NewDetails("決済が落ちた", None, shown, "d"), by=PRIMARY)
        case "pin":
            write(desk, incident)
            await desk.pins.pin(desk.discord.messages.pop(9), by=PRIMARY)
    await desk.pass_time(minutes=20)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=60)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED, (
        "silent once more"
    )


async def test_no_ack_lapses_of_which_the_last_reminder_has_not_said_so(desk: Desk) -> None:
    """An upgrade, or another policy, while it goes on: one more reminder, with the time; then it ends."""
    policy = desk.policy
    desk.lets_nothing_lapse()
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=40)
    desk.policy = policy
    desk.use(desk.discord)
    await desk.pass_time(minutes=20)
    reminders = [one for one in await desk.database.deliveries() if one.data.get("notice") == "update_due"]
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    assert ["lapses_at" in one.data for one in reminders] == [False, True]
    await desk.pass_time(minutes=15)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED


async def test_the_next_person_is_told_whatever_the_former_one_is_called(desk: Desk) -> None:
    """The policy knows the username, Discord shows another name: they are not paged about themselves."""
    sato = replace(PRIMARY, name="佐藤", username="primary")
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.pass_time(minutes=1)
    await desk.acknowledger.acknowledge(incident.id, by=sato, via=AckVia.BUTTON)
    await desk.releasing.release(incident.id, by=sato)
    await desk.work()
    assert await reasons(desk, DeliveryKind.PAGE) == [("person:secondary", "released")]


async def test_the_next_person_is_told_whatever_the_silent_one_is_called(desk: Desk) -> None:
    """After a lapse the next person is paged, though the silent one's name is not the policy's username.

    The early steps of the ladder are over by then, and the next step is an hour away.
    """
    sato = replace(PRIMARY, name="佐藤", username="primary")
    desk.discord.members = [sato]
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=70)
    await desk.acknowledger.acknowledge(incident.id, by=sato, via=AckVia.BUTTON)
    await desk.pass_time(minutes=30)
    await desk.pass_time(minutes=15)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED
    assert await reasons(desk, DeliveryKind.PAGE) == [("person:secondary", "lapsed")]


async def test_an_ack_never_lapses_before_the_time_that_was_announced(desk: Desk) -> None:
    """A third person raises the severity after the reminder: that asks again, and sooner."""
    soon = replace(desk.policy.rules("SEV1"), update_every=timedelta(minutes=5))
    later = replace(desk.policy.rules("SEV2"), ack_lapses_after=timedelta(hours=1))
    rules = {**desk.policy.severities, "SEV1": soon, "SEV2": later}
    desk.policy = replace(desk.policy, severities=MappingProxyType(rules))
    desk.use(desk.discord)
    incident = await acknowledged(desk, "SEV2")
    await desk.pass_time(hours=2)  # "without an update by then, the ack lapses": an hour from now
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=SECONDARY, reason="広がった")
    await desk.pass_time(minutes=6)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    await desk.pass_time(minutes=15)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED, (
        "as its next reminder said"
    )


@pytest.mark.parametrize(("joins", "status"), [(True, Status.ACKNOWLEDGED), (False, Status.TRIGGERED)])
@pytest.mark.parametrize("act", ["thread", "note"])
async def test_everybody_who_is_on_it_counts_and_nobody_else(
    desk: Desk, act: str, joins: bool, status: Status
) -> None:
    """Secondary works on it while primary is silent; one who has let go or was never on it is no sign."""
    incident = await acknowledged(desk)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    if not joins:
        await desk.releasing.release(incident.id, by=SECONDARY)
    await desk.pass_time(minutes=40)
    match act:
        case "thread":
            write(desk, incident, by=SECONDARY)
        case "note":
            await desk.timelines.note(incident.id, by=SECONDARY, text="DB を調べています", key="n")
    await desk.pass_time(minutes=20)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is status


async def test_what_ended_or_lets_nothing_lapse_goes_on_as_ever(desk: Desk) -> None:
    """A resolved incident has no ladder to go on with; a P1 is reminded again and again."""
    resolved, waiting = await acknowledged(desk), await desk.open("SEV2", key="p1")
    await desk.lifecycle.resolve(resolved.id, by=PRIMARY)
    await desk.acknowledger.acknowledge(waiting.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(hours=8)
    assert (await IncidentRows(desk.store.sql).incident(resolved.id)).status is Status.RESOLVED
    now = await IncidentRows(desk.store.sql).incident(waiting.id)
    assert now.status is Status.ACKNOWLEDGED
    assert now.updates.reminders > 1


async def test_an_ack_after_a_lapse_ends_the_ladder_again(desk: Desk) -> None:
    """After a lapse the same person can acknowledge again by a press; another lapse continues the ladder."""
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=45)
    result = await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=29)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert result.outcome is AckOutcome.FIRST
    assert now.taken is not None
    assert (now.taken.id, time_of(now.acknowledged)) == (PRIMARY.id, time_of(incident.acknowledged))
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1
    await desk.pass_time(minutes=16)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 2
    done = [
        step.index
        for step in await EscalationRows(desk.store.sql).steps(incident.id)
        if step.status == "done"
    ]
    assert done == [0, 1, 2], "each step once, from where the ladder was"


async def test_another_severity_since_begins_its_own_ladder(desk: Desk) -> None:
    """Releasing an incident that was raised after its acknowledge starts the ladder of the new severity."""
    incident = await acknowledged(desk, "SEV2")
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="広がった")
    await desk.work()
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=16)
    assert ("channel:p0-alerts") in desk.sent(DeliveryKind.ESCALATION)


async def test_a_new_eye_under_what_was_posted_since_counts(desk: Desk) -> None:
    """A 👀 under an escalation message younger than the lapse acknowledges, though its event was lost."""
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=46)
    escalation = desk.message(DeliveryKind.ESCALATION)
    desk.discord.reactions[escalation] = [PRIMARY]
    await desk.reconciler.reconcile_all()
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED


async def test_others_eyes_count_wherever_they_stand(desk: Desk) -> None:
    """Another person's 👀 under the alert is found after an acknowledge has lapsed, and counts anew."""
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=45)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)].append(SECONDARY)
    await desk.reconciler.reconcile_all()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.on_it is not None
    assert now.on_it.id == SECONDARY.id


@pytest.mark.parametrize("releases", [False, True])
async def test_taking_the_eye_back_releases_where_the_policy_says_so(desk: Desk, releases: bool) -> None:
    """Removing the responder's own 👀 releases the incident, but only if the policy says so."""
    desk.policy = replace(desk.policy, removing_ack_releases=releases)
    desk.use(desk.discord)
    incident = await acknowledged(desk)
    await desk.releasing.release_by_reaction(incident, by=SECONDARY)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED
    await desk.releasing.release_by_reaction(incident, by=PRIMARY)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.status is (Status.TRIGGERED if releases else Status.ACKNOWLEDGED)

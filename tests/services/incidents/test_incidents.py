"""Show an incident from opening to resolution, and the messages and jobs on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import IncidentNotFound, InvalidTransition, NotPermitted, UserError
from bot.domain.escalation.ladder import StepStatus
from bot.domain.incident.incident import Status
from bot.domain.incident.records import DeclinedEntry
from bot.domain.incident.transitions import AckOutcome, AckVia
from bot.domain.timeline.entries import TimelineKind
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import name_of
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk


async def test_sev1_owes_alert_thread_and_page(desk: Desk) -> None:
    """A SEV1 posts an alert with a thread in #p0-alerts and pages the primary by DM, each once."""
    await desk.open("SEV1")
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    assert [len(desk.sent(k)) for k in (DeliveryKind.THREAD, DeliveryKind.THREAD_START)] == [1, 1]
    assert desk.sent(DeliveryKind.THREAD_ROOT) == desk.sent(DeliveryKind.ESCALATION) == []


async def test_sev2_opens_its_thread_in_p0_alerts(desk: Desk) -> None:
    """The alert goes to #p1-ops, its start time to a thread on a quiet post in #p0-alerts."""
    await desk.open("SEV2")
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p1-ops"]
    assert desk.sent(DeliveryKind.THREAD_ROOT) == ["channel:p0-alerts"]
    assert len(desk.sent(DeliveryKind.THREAD_START)) == 1


async def test_same_request_opens_one_incident(desk: Desk) -> None:
    """An interaction that Discord delivers twice opens one incident and posts one alert."""
    first, second = await desk.open(key="interaction:1"), await desk.open(key="interaction:1")
    await desk.work()
    assert first.id == second.id
    assert len(desk.sent(DeliveryKind.ALERT)) == 1


async def test_nobody_acknowledges(desk: Desk) -> None:
    """The whole ladder of SEV1, each step once and in its time; after 4 h it goes on every 4 h."""
    await desk.open()
    await desk.work()
    await desk.pass_time(minutes=14, seconds=59)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(seconds=1)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:primary", "person:secondary"]
    await desk.pass_time(hours=4)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == len(desk.policy.severities["SEV1"].ladder) - 1
    await desk.pass_time(hours=12)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == len(desk.policy.severities["SEV1"].ladder) - 1 + 3
    waiting = [
        step for step in await EscalationRows(desk.store.sql).steps(1) if step.status is StepStatus.PENDING
    ]
    assert len(waiting) == 1


async def test_acknowledge_stops_the_ladder(desk: Desk) -> None:
    """One 👀 stops the escalation, if the policy lets no acknowledge lapse."""
    desk.lets_nothing_lapse()
    incident = await desk.open()
    await desk.work()
    [result] = await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    assert result.outcome is AckOutcome.FIRST
    await desk.pass_time(days=2)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert name_of((await IncidentRows(desk.store.sql).incident(incident.id)).acknowledged) == "responder"


@pytest.mark.parametrize("kind", [DeliveryKind.THREAD_START, DeliveryKind.PAGE])
async def test_every_place_counts(desk: Desk, kind: AnyDeliveryKind) -> None:
    """👀 on the thread's first message or on the DM is as good as on the alert."""
    await desk.open()
    await desk.work()
    [result] = await desk.eyes(desk.message(kind), by=PRIMARY)
    assert result.incident.status is Status.ACKNOWLEDGED


async def test_later_acknowledge_joins(desk: Desk) -> None:
    """A later acknowledge makes the person a responder, once; the first person remains the acknowledger."""
    incident = await desk.open()
    for person in (PRIMARY, SECONDARY, SECONDARY):
        await desk.acknowledger.acknowledge(incident.id, by=person, via=AckVia.BUTTON)
    kinds = [(e.kind, e.actor_name) for e in await TimelineRows(desk.store.sql).timeline(incident.id)]
    assert (TimelineKind.ACKNOWLEDGED, "primary") in kinds
    assert kinds.count((TimelineKind.JOINED, "secondary")) == 1
    assert [who.id for who in await AcknowledgementRows(desk.store.sql).responders(incident.id)] == [1, 2]


async def test_outsider_is_refused_and_recorded(desk: Desk) -> None:
    """A person without the role cannot acknowledge; the incident stays triggered, the refusal is audited."""
    incident = await desk.open()
    with pytest.raises(NotPermitted):
        await desk.acknowledger.acknowledge(incident.id, by=OBSERVER, via=AckVia.BUTTON)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED
    refused = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert [(row.actor_name, row.data["act"]) for row in refused] == [("observer", "acknowledge")]


async def test_whatever_a_person_does_is_in_the_audit(desk: Desk) -> None:
    """Opening, acknowledging, joining and declining each leave one row in the audit log."""
    incident = await desk.open()
    await desk.open()  # the same interaction once more
    await desk.work()
    page = desk.message(DeliveryKind.PAGE)
    for _ in range(2):
        await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=page)
    for who in (RESPONDER, RESPONDER, SECONDARY):
        await desk.acknowledger.acknowledge(incident.id, by=who, via=AckVia.BUTTON)
    number = {"incident_id": incident.id}
    assert [(row.action, row.actor_name, row.data) for row in await desk.database.audit_rows()] == [
        ("opened", "responder", {**number, "severity": "SEV1"}),
        (
            "declined",
            "primary",
            {**number, "place": "primary", "to": "secondary", "asked": "@primary", "ladder": 0},
        ),
        ("acknowledged", "responder", {**number, "via": "button"}),
        ("joined", "secondary", {**number, "via": "button"}),
    ]


async def test_reaction_of_a_bot_or_elsewhere_is_nothing(desk: Desk) -> None:
    """A bot's 👀, and one on a message that is no alert, acknowledge nothing."""
    await desk.open()
    await desk.work()
    robot = type(PRIMARY)(id=9, name="robot", is_bot=True)
    alert = desk.message(DeliveryKind.ALERT)
    assert await desk.eyes(alert, by=robot) == []
    assert await desk.eyes(1, by=PRIMARY) == []


async def test_missed_reaction_is_found_before_the_escalation(desk: Desk) -> None:
    """A 👀 whose event was lost is found before the escalation, which is not sent."""
    await desk.open()
    await desk.work()
    desk.discord.reactions[desk.message(DeliveryKind.PAGE)] = [OBSERVER, PRIMARY]
    await desk.pass_time(minutes=20)
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_discord_that_cannot_be_asked_does_not_stop_the_ladder(desk: Desk) -> None:
    """An escalation too many is better than one too few."""
    await desk.open()
    await desk.work()
    desk.discord.is_away = True
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_bug_in_reading_the_eyes_does_not_stop_the_ladder(desk: Desk) -> None:
    """An error while reading reactions does not keep the escalation from being sent, once."""
    await desk.open()
    await desk.work()
    desk.discord.broken = {
        post.message_id for post in await DeliveryRows(desk.store.sql).posts(1) if post.message_id
    }
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_pass_on_tells_the_next_person_and_leaves_the_ladder(desk: Desk) -> None:
    """対応できない pages the secondary at once, and keeps the ladder's deadline."""
    incident = await desk.open()
    await desk.work()
    first_dm = desk.message(DeliveryKind.PAGE)
    passed = await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=first_dm)
    await desk.work()
    assert passed.to == "secondary"
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary"]
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_tapping_decline_again_changes_nothing(desk: Desk) -> None:
    """Five taps of a tired thumb are one answer, and empty no ladder."""
    incident = await desk.open()
    await desk.work()
    first_dm = desk.message(DeliveryKind.PAGE)
    answers = [await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=first_dm) for _ in range(5)]
    await desk.work()
    assert {answer.to for answer in answers} == {"secondary"}
    assert len(desk.sent(DeliveryKind.PAGE)) == 2
    assert [len(desk.sent(DeliveryKind.NOTICE)), len(desk.sent(DeliveryKind.ESCALATION))] == [1, 0]


async def test_a_dm_that_is_not_on_record_yet_can_be_declined(desk: Desk) -> None:
    """A DM that was sent but not recorded can be declined, and the next page goes to another person."""
    incident = await desk.open()
    await desk.work()
    who, recorded, unknown = replace(PRIMARY, username="primary"), desk.message(DeliveryKind.PAGE), 999
    for dm in (unknown, recorded, unknown):
        assert (await desk.passing_on.decline(incident.id, by=who, message_id=dm)).to == "secondary"
    await desk.work()
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary"]


async def test_two_people_without_a_place_by_now_decline_each_for_themselves(desk: Desk) -> None:
    """Two people who are no longer on call decline separately, and each decline is recorded once."""
    incident = await desk.open()
    await desk.work()
    gone = [replace(RESPONDER, id=10**17 + number, name="gone") for number in range(2)]
    for who in (*gone, gone[0]):
        await desk.passing_on.decline(incident.id, by=who, message_id=999)
    entries = [
        one
        for one in await TimelineRows(desk.store.sql).timeline(incident.id)
        if one.kind is TimelineKind.DECLINED
    ]
    assert [DeclinedEntry.from_json(one.data or {}).asked for one in entries] == [
        f"@{who.id}" for who in gone
    ]


async def test_whoever_declines_again_after_a_raise_is_heard_again(desk: Desk) -> None:
    """After a change of severity, declining pages the next person again, once, with a line."""
    incident = await desk.open("SEV2")
    await desk.work()
    first_dm = desk.message(DeliveryKind.PAGE)
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=first_dm)
    await desk.work()
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=RESPONDER, reason="広がった")
    await desk.work()
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary", "person:primary"]
    again = desk.message(DeliveryKind.PAGE)
    for _ in range(2):
        passed = await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=again)
        await desk.work()
        assert passed.to == "secondary"
    assert desk.sent(DeliveryKind.PAGE)[3:] == ["person:secondary"]
    told = [d for d in await desk.database.deliveries() if d.data.get("notice") == "declined"]
    assert [line.status for line in told] == [DeliveryStatus.SENT] * 2
    passed = await desk.passing_on.decline(
        incident.id, by=SECONDARY, message_id=desk.message(DeliveryKind.PAGE)
    )
    assert passed.to is None, "both have declined in this ladder"


async def test_back_at_the_severity_of_a_decline_it_is_another_ladder(desk: Desk) -> None:
    """SEV2, SEV1, SEV2 again: what was answered in the first one answers nothing in the third."""
    incident = await desk.open("SEV2")
    await desk.work()
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=desk.message(DeliveryKind.PAGE))
    for severity in ("SEV1", "SEV2"):
        await desk.lifecycle.change_severity(incident.id, to=severity, by=RESPONDER, reason="r")
        await desk.work()
    pages = len(desk.sent(DeliveryKind.PAGE))
    passed = await desk.passing_on.decline(
        incident.id, by=PRIMARY, message_id=desk.message(DeliveryKind.PAGE)
    )
    await desk.work()
    assert passed.to == "secondary"
    assert desk.sent(DeliveryKind.PAGE)[pages:] == ["person:secondary"]


async def test_nobody_is_left_to_pass_it_on_to(desk: Desk) -> None:
    """If both people on call decline, the channel is notified at once, and the deadline stays."""
    incident = await desk.open()
    await desk.work()
    for person in (PRIMARY, SECONDARY):
        dm = desk.message(DeliveryKind.PAGE)
        passed = await desk.passing_on.decline(incident.id, by=person, message_id=dm)
        await desk.work()
    assert passed.to is None
    assert passed.following is not None
    assert passed.following.due_at == incident.triggered_at + timedelta(minutes=15)
    assert len(desk.sent(DeliveryKind.PAGE)) == 2
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"] * 2


async def test_pass_on_after_an_acknowledge_is_refused(desk: Desk) -> None:
    """A decline after somebody has acknowledged the incident is refused."""
    incident = await desk.open()
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    with pytest.raises(InvalidTransition):
        await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=1)


async def test_only_a_person_who_is_asked_can_decline_on_the_alert(desk: Desk) -> None:
    """In the server, a person on call answers their DM; another responder is told that nothing is asked."""
    incident = await desk.open()
    await desk.work()
    with pytest.raises(UserError) as refused:
        await desk.passing_on.decline(incident.id, by=RESPONDER, message_id=None)
    assert refused.value.key == "not_called"
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    who = replace(PRIMARY, username="primary")
    for _ in range(2):
        assert (await desk.passing_on.decline(incident.id, by=who, message_id=None)).to == "secondary"
    await desk.work()
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:secondary"]


async def test_outsider_cannot_pass_on(desk: Desk) -> None:
    """A person without permission to respond cannot decline."""
    incident = await desk.open()
    with pytest.raises(NotPermitted):
        await desk.passing_on.decline(incident.id, by=OBSERVER, message_id=1)


async def test_escalation_counts_the_dms_that_arrived(desk: Desk) -> None:
    """An escalation counts only the DMs that arrived, and names the person whom no DM has reached."""
    desk.discord.refused = {"person:primary"}
    await desk.open()
    await desk.pass_time(minutes=15)
    escalation = next(d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ESCALATION)
    assert (escalation.data["told"], escalation.data["unreached"]) == ({"@secondary": 1}, ["primary"])


async def test_severity_that_left_the_policy_still_rings(desk: Desk) -> None:
    """A renamed severity does not silence what was opened under its old name."""
    incident = await desk.open("SEV2")
    await desk.work()
    renamed = {name: rule for name, rule in desk.policy.severities.items() if name != "SEV2"}
    desk.policy = replace(desk.policy, severities=renamed)
    desk.use(desk.discord)
    await desk.pass_time(hours=4)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    result = await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    assert result.outcome is AckOutcome.FIRST


async def test_one_incident_in_trouble_does_not_hide_the_others(desk: Desk) -> None:
    """Reading the 👀 goes on after a bug with one of them."""
    await desk.open(key="broken")
    healthy = await desk.open(key="healthy")
    await desk.work()
    desk.discord.broken = {p.message_id for p in await DeliveryRows(desk.store.sql).posts(1) if p.message_id}
    alert = next(
        p.message_id
        for p in await DeliveryRows(desk.store.sql).posts(healthy.id)
        if p.kind is DeliveryKind.ALERT
    )
    desk.discord.reactions[alert or 0] = [PRIMARY]
    assert await desk.reconciler.reconcile_all() == 1


async def test_most_severe_first_is_the_policys_order(desk: Desk) -> None:
    """Open incidents are sorted by the rank of their severity, neither by its name nor by their numbers."""
    order = {"MINOR": desk.policy.severities["SEV3"], "TERRIBLE": desk.policy.severities["SEV1"]}
    ranked = {name: replace(rule, name=name) for name, rule in order.items()}
    desk.policy = replace(desk.policy, severities=dict(reversed(ranked.items())))
    desk.use(desk.discord)
    await desk.open("MINOR", key="1")
    await desk.open("TERRIBLE", key="2")
    assert [i.severity for i in await desk.looking.open_ones(GUILD, by=RESPONDER)] == ["TERRIBLE", "MINOR"]


async def test_resolve_ends_it(desk: Desk) -> None:
    """The ladder is off, the posts are refreshed, a second resolve says who did it."""
    incident = await desk.open()
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(days=1)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert DeliveryKind.ALERT in desk.discord.refreshed[-1][1]
    assert len(desk.sent(DeliveryKind.NOTICE)) == 1
    with pytest.raises(InvalidTransition) as refused:
        await desk.lifecycle.resolve(incident.id, by=SECONDARY)
    assert refused.value.fields["by"] == "primary"


async def test_finding_an_incident(desk: Desk) -> None:
    """An incident is found by its number or its thread; an unknown one, or neither, finds no incident."""
    incident = await desk.open()
    await desk.work()
    thread_id = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id
    for number, thread in ((incident.id, None), (None, thread_id)):
        found = await desk.incidents.find(number=number, thread_id=thread, by=RESPONDER)
        assert found.id == incident.id
    for number, thread in ((99, None), (None, 5), (None, None)):
        with pytest.raises(IncidentNotFound):
            await desk.incidents.find(number=number, thread_id=thread, by=RESPONDER)


async def test_reporter_learns_what_became_of_the_alert(desk: Desk) -> None:
    """The reporter's card shows whether the alert was posted, or was refused and sent by email."""
    incident = await desk.open("SEV1")
    assert not (await desk.incidents.opening(incident.id)).is_settled
    await desk.work()
    there = await desk.incidents.opening(incident.id)
    assert (there.is_settled, there.has_failed) == (True, False)
    desk.discord.refused = {"channel:p0-alerts"}
    refused = await desk.open("SEV1", key="refused")
    await desk.work()
    told = await desk.incidents.opening(refused.id)
    assert (told.is_settled, told.has_failed, told.emailed) == (True, True, True)


async def test_view_tells_what_is_due_next(desk: Desk) -> None:
    """The view of an incident shows its history and when each step of its escalation is due."""
    incident = await desk.open()
    await desk.work()
    view = await desk.looking.view(incident.id, by=RESPONDER)
    assert view.lines[0].entry.kind is TimelineKind.OPENED
    assert view.ladder[1].due_at == incident.triggered_at + timedelta(minutes=15)
    assert [i.id for i in await desk.looking.open_ones(GUILD, by=RESPONDER)] == [incident.id]

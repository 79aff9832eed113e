"""Teams: handing an incident over, calling another team, and being off without ``[teams]``."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import Addressing
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.escalation.pages import declined
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.people import Who
from bot.domain.people import Person
from bot.runbook import default_policy_text, parse_policy
from bot.services.shared.access import Access
from bot.services.shared.reminder_recipients import ReminderRecipients
from bot.services.shared.roster import OnCall
from bot.services.watchdogs import audit
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.ui.choices import team_named
from cogs.teams.rules import CallData, TeamDelivery, TeamEntry, handed_over, with_thread
from cogs.teams.use_cases import Teams
from tests.cogs.oncall.acts import oncall_of
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, Desk
from tests.unit.domain.incident.test_incident import T0
from tests.unit.domain.incident.test_incident import incident as untouched

TEAMS = """
[oncall.pay]
discord = "pay"

[oncall.pay_second]
discord = "pay.second"

[teams.payments]
channel = "payments-alerts"
schedule = ["pay", "pay_second"]
"""
PAY = Person(id=11, name="pay", username="pay", roles=frozenset({"on-call", "responder"}))
THIRD = Who(13, "third", "third")
ADMIN = Person(id=9, name="admin", roles=frozenset({"admin"}))
SECOND = replace(PAY, id=12, name="second", username="pay.second")


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk whose policy has a team, and whose members Discord knows."""
    desk = Desk(database, parse_policy(default_policy_text() + TEAMS, name="x.toml"))
    desk.lets_nothing_lapse()
    desk.discord.members = [PAY, SECOND, replace(PAY, id=13, username="third")]
    return desk


async def acknowledged(desk: Desk) -> Incident:
    """A SEV1 of the default team that primary has acknowledged."""
    incident = await desk.open()
    await desk.work()
    return (await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)).incident


async def kinds(desk: Desk, incident: Incident) -> list[str]:
    """What the timeline has of teams."""
    entries = await TimelineRows(desk.store.sql).timeline(incident.id)
    return [entry.kind for entry in entries if entry.kind in tuple(TeamEntry)]


async def decliners(desk: Desk, incident: Incident) -> tuple[str, ...]:
    """Who has declined, as the posts show it."""
    return (await IncidentRows(desk.store.sql).shown_incident(incident.id)).calls.decliners


async def test_a_hand_over_begins_the_ladder_of_the_team(desk: Desk) -> None:
    """The team's channel and its first place are told at once, and its ladder goes on until they answer."""
    incident = await acknowledged(desk)
    handed = await desk.services.of(Teams).hand_over(incident.id, "payments", by=PRIMARY, reason="決済")
    await desk.work()
    assert (handed.team, handed.status) == ("payments", Status.TRIGGERED)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts", "channel:payments-alerts"]
    assert desk.sent(DeliveryKind.PAGE)[-1] == "person:pay"
    await desk.pass_time(hours=1)
    assert "person:pay_second" in desk.sent(DeliveryKind.PAGE)
    assert set(desk.sent(DeliveryKind.ESCALATION)) == {"channel:payments-alerts"}
    assert await kinds(desk, incident) == [TeamEntry.HANDED]


async def test_a_hand_over_of_a_waiting_incident_stops_the_former_ladder(desk: Desk) -> None:
    """Nobody of the former team is paged any more, and the way back is a hand-over like another."""
    incident = await desk.open()
    await desk.work()
    before = len(desk.sent(DeliveryKind.PAGE))
    await desk.services.of(Teams).hand_over(incident.id, "payments", by=PRIMARY)
    await desk.pass_time(hours=1)
    assert set(desk.sent(DeliveryKind.PAGE)[before:]) <= {"person:pay", "person:pay_second"}
    back = await desk.services.of(Teams).hand_over(incident.id, None, by=PRIMARY)
    assert back.team is None


async def test_a_decline_does_not_survive_a_hand_over(desk: Desk) -> None:
    """Who declined for one team is asked anew after a hand-over; a later decline counts, and is shown."""
    incident = await desk.open()
    await desk.work()
    teams, entries = desk.services.of(Teams), TimelineRows(desk.store.sql)
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=desk.message(DeliveryKind.PAGE))
    assert declined(await entries.timeline(incident.id)) == (0, {"@primary": "secondary"})
    await teams.hand_over(incident.id, "payments", by=PRIMARY)
    assert declined(await entries.timeline(incident.id)) == (1, {})
    assert await decliners(desk, incident) == ()
    await teams.hand_over(incident.id, None, by=PRIMARY)
    await desk.work()
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=desk.message(DeliveryKind.PAGE))
    assert declined(await entries.timeline(incident.id)) == (2, {"@primary": "secondary"})
    assert await decliners(desk, incident) == ("@primary",)


async def test_a_severity_of_the_former_team_is_not_taken_up_again(desk: Desk) -> None:
    """Raised again after a hand-over, it begins the ladder of its team, not what was left of the other's."""
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=5)
    await desk.lifecycle.change_severity(incident.id, to="SEV2", by=PRIMARY, reason="r")
    await desk.services.of(Teams).hand_over(incident.id, "payments", by=PRIMARY)
    await desk.work()
    before = len(desk.sent(DeliveryKind.PAGE))
    await desk.pass_time(minutes=5)
    raised = await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="r")
    assert raised.incident.ack_due_at == desk.clock.time + timedelta(minutes=15)
    await desk.pass_time(hours=2)
    assert set(desk.sent(DeliveryKind.PAGE)[before:]) == {"person:pay", "person:pay_second"}
    steps = await EscalationRows(desk.store.sql).steps(incident.id)
    own = [step for step in steps if step.starts_at == raised.incident.ack_due_at - timedelta(minutes=15)]
    assert {place for step in own for place in step.rung.dm} == {"pay", "pay_second"}


async def test_a_severity_of_the_same_team_is_taken_up_again(desk: Desk) -> None:
    """After the hand-over the team's own clock counts: lowering and raising do not put its deadline off."""
    incident = await desk.open("SEV1")
    await desk.services.of(Teams).hand_over(incident.id, "payments", by=PRIMARY)
    due = (await IncidentRows(desk.store.sql).incident(incident.id)).ack_due_at
    await desk.pass_time(minutes=5)
    await desk.lifecycle.change_severity(incident.id, to="SEV2", by=PRIMARY, reason="r")
    await desk.pass_time(minutes=5)
    raised = await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="r")
    assert raised.incident.ack_due_at == due


async def test_what_cannot_be_is_refused(desk: Desk) -> None:
    """The same team, an unknown one, an ended incident, a person who may not respond."""
    teams, incident = desk.services.of(Teams), await acknowledged(desk)
    with pytest.raises(InvalidTransition, match="team_same"):
        await teams.hand_over(incident.id, None, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="team_same"):
        await teams.call(incident.id, None, by=PRIMARY)
    with pytest.raises(UserError, match="team_unknown"):
        team_named(desk.policy, "gone")
    assert (team_named(desk.policy, "Payments"), team_named(desk.policy, "default")) == ("payments", None)
    for act in (teams.hand_over, teams.call):
        with pytest.raises(NotPermitted):
            await act(incident.id, "payments", by=OBSERVER)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    for act in (teams.hand_over, teams.call):
        with pytest.raises(InvalidTransition):
            await act(incident.id, "payments", by=PRIMARY)


def test_the_team_has_its_own_time_and_nobody_unreached() -> None:
    """A handover sets the new team's deadline, and forgets whom the former team could not reach."""
    due = T0 + timedelta(minutes=30)
    before = untouched(unreached=("@primary",))
    after = handed_over(before, "payments", name="payments", ack_due_at=due, at=T0)
    assert (after.ack_due_at, after.unreached, after.team) == (due, (), "payments")


def test_only_an_incident_without_a_thread_gets_one() -> None:
    """It gets one of its new post; an alert and a private incident get none, and an open thread stays."""
    handed = handed_over(untouched(), "payments", name="payments", ack_due_at=T0, at=T0)
    begun = with_thread(handed, "payments").thread
    assert (begun.channel, begun.posting) == ("payments", handed.post.number)
    for other in (
        replace(handed, kind=IncidentKind.ALERT),
        replace(handed, is_private=True),
        replace(handed, thread=replace(handed.thread, id=5)),
    ):
        assert with_thread(other, "payments") == other


async def test_a_call_asks_one_after_the_other(desk: Desk) -> None:
    """Without an answer the next place is called at the deadline, then the team's channel; each once."""
    incident = await acknowledged(desk)
    done = await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    assert done.place == "pay"
    with pytest.raises(InvalidTransition, match="team_called_already"):
        await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.work()
    assert desk.sent(TeamDelivery.CALL) == ["person:pay"]
    await desk.pass_time(minutes=16)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay", "person:pay_second"]
    assert desk.sent(TeamDelivery.UNANSWERED) == []
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay", "person:pay_second"]
    assert desk.sent(TeamDelivery.UNANSWERED) == ["channel:payments-alerts"]
    [told] = [one for one in await desk.database.deliveries() if one.kind is TeamDelivery.UNANSWERED]
    assert Addressing.from_json(told.data).rings_team == "payments"
    assert await kinds(desk, incident) == [TeamEntry.CALLED, TeamEntry.CALLED, TeamEntry.UNANSWERED]
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).team is None


async def test_who_joins_ends_the_call(desk: Desk) -> None:
    """The person who was called joins as a responder, and nobody else of the team is called."""
    incident = await acknowledged(desk)
    await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.acknowledger.acknowledge(incident.id, by=PAY, via=AckVia.BUTTON)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay"]
    assert desk.sent(TeamDelivery.UNANSWERED) == []


async def taken(desk: Desk, *people: Person) -> Incident:
    """A SEV1 of the default team that *people* are on."""
    incident = await desk.open()
    await desk.work()
    for person in people:
        await desk.acknowledger.acknowledge(incident.id, by=person, via=AckVia.BUTTON)
    return incident


async def test_who_is_on_it_is_not_called(desk: Desk) -> None:
    """The next place is called in their stead; their being there already is no answer to the call."""
    incident = await taken(desk, PAY)
    done = await desk.services.of(Teams).call(incident.id, "payments", by=PAY)
    assert (done.place, done.is_last) == ("pay_second", True)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay_second"]
    assert desk.sent(TeamDelivery.UNANSWERED) == ["channel:payments-alerts"]


async def test_who_was_on_it_before_does_not_answer_for_others(desk: Desk) -> None:
    """A call asks the first place alone if the second place is on the incident already."""
    incident = await taken(desk, SECOND)
    done = await desk.services.of(Teams).call(incident.id, "payments", by=SECOND)
    assert (done.place, done.is_last) == ("pay", True)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay"]
    assert desk.sent(TeamDelivery.UNANSWERED) == ["channel:payments-alerts"]


async def test_a_team_that_is_all_on_it_is_not_called(desk: Desk) -> None:
    """There is nobody left to call, and the answer says so."""
    incident = await taken(desk, PAY, SECOND)
    with pytest.raises(InvalidTransition, match="team_on_it"):
        await desk.services.of(Teams).call(incident.id, "payments", by=PAY)
    assert await kinds(desk, incident) == []


async def test_the_last_call_says_so(desk: Desk) -> None:
    """Only the DM to the last place says that nobody is called after it."""
    incident = await acknowledged(desk)
    done = await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    assert not done.is_last
    await desk.pass_time(minutes=16)
    calls = [one for one in await desk.database.deliveries() if one.kind is TeamDelivery.CALL]
    assert [CallData.from_json(one.data).is_last for one in calls] == [False, True]


async def test_who_was_called_counts_after_their_shift(desk: Desk) -> None:
    """The person who was called has joined, though another one is on call by the deadline."""
    incident = await acknowledged(desk)
    await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.work()
    await oncall_of(desk).schedules.set_person(GUILD, "pay", THIRD, by=ADMIN)
    await desk.acknowledger.acknowledge(incident.id, by=PAY, via=AckVia.BUTTON)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay"]
    assert desk.sent(TeamDelivery.UNANSWERED) == []


@pytest.mark.parametrize("late", [PAY, SECOND])
async def test_each_who_was_called_counts(desk: Desk, late: Person) -> None:
    """The first one may join late, or the second one: then nobody is told that no one answered."""
    incident = await acknowledged(desk)
    await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.pass_time(minutes=16)
    for place in ("pay", "pay_second"):
        await oncall_of(desk).schedules.set_person(GUILD, place, THIRD, by=ADMIN)
    await desk.acknowledger.acknowledge(incident.id, by=late, via=AckVia.BUTTON)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay", "person:pay_second"]
    assert desk.sent(TeamDelivery.UNANSWERED) == []


async def test_an_unanswered_call_to_a_private_incident_is_told_by_dm(desk: Desk) -> None:
    """The team's channel learns nothing of it, so its people on call get a DM each."""
    incident = await acknowledged(desk)
    await desk.privacy.make_private(incident.id, by=replace(PRIMARY, roles=frozenset({"on-call", "admin"})))
    await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.UNANSWERED) == ["person:pay", "person:pay_second"]
    assert await kinds(desk, incident) == [TeamEntry.CALLED, TeamEntry.CALLED, TeamEntry.UNANSWERED]


async def test_a_hand_over_to_the_called_team_ends_the_call(desk: Desk) -> None:
    """Once the incident is the called team's, its ladder alone goes on."""
    incident = await acknowledged(desk)
    await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.work()
    await desk.services.of(Teams).hand_over(incident.id, "payments", by=PRIMARY)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == ["person:pay"]
    assert desk.sent(TeamDelivery.UNANSWERED) == []
    assert "person:pay_second" in desk.sent(DeliveryKind.PAGE)


async def test_the_end_ends_the_call(desk: Desk) -> None:
    """Nobody is called to an incident that has ended."""
    incident = await acknowledged(desk)
    await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(hours=2)
    assert desk.sent(TeamDelivery.CALL) == []


async def test_a_lost_job_is_found(desk: Desk) -> None:
    """The auditor gives the job back, and the next place is called."""
    incident = await acknowledged(desk)
    done = await desk.services.of(Teams).call(incident.id, "payments", by=PRIMARY)
    await desk.work()
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=17))
    assert f"team_call:{incident.id}:{done.call.id}" in await audit(desk.store)
    await desk.work()
    assert desk.sent(TeamDelivery.CALL) == ["person:pay", "person:pay_second"]


async def test_who_stands_in_is_of_the_team(desk: Desk) -> None:
    """In the place of an absent person the incident's team is asked, else whoever is here."""
    oncall = OnCall(desk.store, desk.policy)
    access = Access(desk.store, desk.policy, oncall)
    recipients = ReminderRecipients(desk.policy, desk.discord, oncall, access)
    gone, incident = PersonRef(99, "gone"), await desk.open()

    async def asked(about: Incident | None) -> str | None:
        return (await recipients.stand_in(gone, about, guild_id=incident.guild_id)).place

    handed = await desk.services.of(Teams).hand_over(incident.id, "payments", by=PRIMARY)
    assert [await asked(one) for one in (None, incident, handed)] == ["primary", "primary", "pay"]
    desk.discord.left = {"pay"}
    assert await asked(handed) == "pay_second"
    desk.discord.left = {"pay", "pay.second"}
    assert await asked(handed) == "primary"


def test_without_teams_it_is_off() -> None:
    """A policy without the table has none of the commands, jobs and posts."""
    assert "teams" in parse_policy(default_policy_text(), name="x.toml").off
    assert "teams" not in parse_policy(default_policy_text() + TEAMS, name="x.toml").off

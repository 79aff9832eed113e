"""A team's incident: its channel, its people and its ladder, from the opening on."""

from dataclasses import replace

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted
from bot.domain.incident.incident import IncidentKind, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.escalation import EscalationRows
from tests.services.database import Database
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, Desk

TEAMS = """
[oncall.pay]
discord = "pay"

[oncall.pay_second]
discord = "pay.second"

[teams.payments]
channel = "payments-alerts"
schedule = ["pay", "pay_second"]

[targets."api.parky.co.jp"]
team = "payments"
"""


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk whose policy has a team."""
    return Desk(database, parse_policy(default_policy_text() + TEAMS, name="x.toml"))


async def test_the_target_decides_whose_it_is(desk: Desk) -> None:
    """The alert, the thread, the DMs and the escalation are the team's, and no others are paged."""
    incident = await desk.open()
    assert incident.team == "payments"
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT) == ["channel:payments-alerts"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:pay"]
    await desk.pass_time(hours=1)
    assert set(desk.sent(DeliveryKind.ESCALATION)) == {"channel:payments-alerts"}
    assert set(desk.sent(DeliveryKind.PAGE)) == {"person:pay", "person:pay_second"}


async def test_another_target_is_the_default_teams(desk: Desk) -> None:
    """Without a team, the incident goes where it always went, to the people who always answered."""
    new = replace(desk._new("SEV1", key="k", by=RESPONDER), targets=("other",))
    incident = await desk.incidents.open(new)
    await desk.work()
    assert incident.team is None
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]


async def test_another_severity_stays_the_teams(desk: Desk) -> None:
    """A change of severity posts in the team's channel and asks the team's places."""
    incident = await desk.open("SEV3")
    await desk.work()
    changed = await desk.lifecycle.change_severity(incident.id, to="SEV1", reason="r", by=PRIMARY)
    await desk.work()
    assert changed.incident.team == "payments"
    assert set(desk.sent(DeliveryKind.ALERT)) == {"channel:payments-alerts"}
    steps = await EscalationRows(desk.store.sql).steps(incident.id)
    assert {place for step in steps for place in step.rung.dm} <= {"pay", "pay_second"}


async def test_the_source_decides_where_no_target_does(desk: Desk) -> None:
    """What opens an incident may say whose it is; a team that the policy does not know is none."""
    said = replace(desk._new("SEV1", key="a", by=RESPONDER), targets=(), team="payments")
    gone = replace(said, key="b", team="gone", kind=IncidentKind.INCIDENT)
    assert (await desk.incidents.open(said)).team == "payments"
    assert (await desk.incidents.open(gone)).team is None


async def test_a_refusal_passes_on_within_the_team(desk: Desk) -> None:
    """After a decline the team's next place is paged, and then the channel is told: no other team is."""
    incident = await desk.open()
    await desk.work()
    pay = Person(id=11, name="pay", username="pay", roles=frozenset({"on-call", "responder"}))
    second = replace(pay, id=12, name="second", username="pay.second")
    assert (await desk.passing_on.decline(incident.id, by=pay, message_id=None)).to == "pay_second"
    assert (await desk.passing_on.decline(incident.id, by=second, message_id=None)).to is None
    await desk.work()
    assert set(desk.sent(DeliveryKind.PAGE)) == {"person:pay", "person:pay_second"}


ROLE = '\n[teams.web]\nrole = "web-team"\n'
THEIRS = Person(id=21, name="web", username="web", roles=frozenset({"web-team"}))


async def test_the_role_of_a_team_responds_to_its_incidents_alone(database: Database) -> None:
    """Its holders acknowledge by button and by 👀 what is their team's, and nothing else."""
    desk = Desk(database, parse_policy(default_policy_text() + ROLE, name="x.toml"))
    new = replace(desk._new("SEV1", key="a", by=RESPONDER), targets=())
    own = await desk.incidents.open(replace(new, team="web"))
    other = await desk.incidents.open(replace(new, key="b"))
    await desk.work()
    with pytest.raises(NotPermitted) as refused:
        await desk.acknowledger.acknowledge(other.id, by=THEIRS, via=AckVia.BUTTON)
    assert "web-team" not in str(refused.value.fields["roles"])
    posts = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT]
    desk.discord.reactions = {one.message_id: [THEIRS] for one in posts if one.message_id is not None}
    assert await desk.reconciler.reconcile_all() == 1
    found = await desk.looking.view(own.id, by=THEIRS)
    assert found.incident.status is Status.ACKNOWLEDGED
    offered = [await desk.looking.offered_actions(one.id, by=THEIRS) for one in (own, other)]
    assert [one.refusal is None for one in offered] == [True, False]
    assert (await desk.lifecycle.resolve(own.id, by=THEIRS)).status is Status.RESOLVED
    with pytest.raises(NotPermitted) as refused:
        await desk.lifecycle.resolve(own.id, by=OBSERVER)
    assert "web-team" in str(refused.value.fields["roles"])


async def test_a_press_on_several_incidents_takes_those_of_the_team(database: Database) -> None:
    """Of a bundle's incidents the role acknowledges its team's, wherever that stands among them."""
    desk = Desk(database, parse_policy(default_policy_text() + ROLE, name="x.toml"))
    new = replace(desk._new("SEV1", key="a", by=RESPONDER), targets=())
    both = [await desk.incidents.open(new), await desk.incidents.open(replace(new, key="b", team="web"))]
    taken = await desk.acknowledger.acknowledge_each(both, by=THEIRS, via=AckVia.BUTTON)
    assert [one.incident.id for one in taken] == [both[1].id]

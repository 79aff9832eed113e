"""Teams while the database is away: each incident stays with its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import NewIncident, Status
from bot.domain.outage import OfflineKind
from bot.domain.people import Person
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.incidents import IncidentRows
from cogs.teams.use_cases import Teams
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk

PAYMENTS = """
[oncall.pay]
discord = "pay"
email = "pay@example.com"

[oncall.pay_second]
discord = "pay.second"
email = "pay.second@example.com"

[teams.payments]
channel = "payments-alerts"
mention = "none"
role = "pay-team"
schedule = ["pay", "pay_second"]
"""
THEIRS = Person(id=21, name="pay", username="pay", roles=frozenset({"pay-team"}))
OF_TEAM = {("pay@example.com",), ("pay.second@example.com",)}
OF_DEFAULT = {("primary@example.com",), ("secondary@example.com",)}


@pytest_asyncio.fixture(loop_scope="session")
async def desk(database: Database) -> Desk:
    """A desk with a team, whose database's time is ours."""
    await database.move_to(datetime.now(UTC))
    desk = Desk(database, parse_policy(default_policy_text() + PAYMENTS, name="x.toml"))
    target = {"api.parky.co.jp": "payments"}
    desk.policy = replace(desk.policy, team_of_target=target)
    desk.use(desk.discord)
    return desk


def reported(target: str) -> NewIncident:
    """What /incident declare says."""
    return NewIncident(
        guild_id=GUILD,
        severity="SEV1",
        title="DB が落ちた",
        targets=(target,),
        symptoms=(),
        started_at=datetime.now(UTC),
        reported_by=RESPONDER,
        path=(),
        key="interaction:9",
    )


async def deadline_without_database(desk: Desk) -> None:
    """Fifteen minutes pass, and the database goes away."""
    await desk.work()
    await desk.database.advance(timedelta(minutes=16))
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.tick()


async def test_a_deadline_pages_the_incidents_team(desk: Desk) -> None:
    """Its people get the DMs and emails, also as the file of the former process knows it."""
    incident = await desk.open("SEV1")
    assert incident.team == "payments"
    await desk.work()
    await desk.database.advance(timedelta(minutes=16))
    await desk.emergency.tick()
    desk.database.is_away = True
    desk.use(desk.discord)
    desk.emergency.load()
    await desk.emergency.tick()
    assert sorted(desk.offline_alerter.posted) == [
        (OfflineKind.ESCALATION, "channel"),
        (OfflineKind.PAGE, "person:pay"),
        (OfflineKind.PAGE, "person:pay_second"),
    ]
    assert {mail.to for mail in desk.mailer.sent} == OF_TEAM


async def test_a_deadline_of_the_default_team_mails_no_other(desk: Desk) -> None:
    """People of another team get no email, as with the database."""
    incident = await desk.open("SEV1")
    await desk.services.of(Teams).hand_over(incident.id, None, by=PRIMARY)
    await deadline_without_database(desk)
    assert {mail.to for mail in desk.mailer.sent} == OF_DEFAULT


async def test_a_report_is_its_targets_teams(desk: Desk) -> None:
    """It is posted with that team's mention, pages its people, and is recorded as that team's."""
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.tick()
    await desk.emergency.raise_alert(reported("api.parky.co.jp"))
    assert desk.offline_alerter.posted == [(OfflineKind.ALERT, "channel"), (OfflineKind.PAGE, "person:pay")]
    assert desk.offline_alerter.rang == []
    assert {mail.to for mail in desk.mailer.sent} == OF_TEAM
    desk.database.is_away = False
    await desk.emergency.tick()
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(1)).team == "payments"


async def test_a_report_without_a_team_is_the_default_teams(desk: Desk) -> None:
    """What no team is named for is raised as ever."""
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.tick()
    await desk.emergency.raise_alert(reported("app.parky.co.jp"))
    assert desk.offline_alerter.posted[1:] == [(OfflineKind.PAGE, "person:primary")]
    assert len(desk.offline_alerter.rang) == 1
    assert {mail.to for mail in desk.mailer.sent} == OF_DEFAULT


async def test_the_role_of_the_team_stops_what_is_its_teams(desk: Desk) -> None:
    """A 👀 of a member whose role is the team's alone acknowledges the team's incident, and no other."""
    own = await desk.open("SEV1")
    other = await desk.open("SEV1", key="b")
    await desk.services.of(Teams).hand_over(other.id, None, by=PRIMARY)
    await desk.work()
    posts = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT]
    desk.discord.reactions = {one.message_id: [THEIRS] for one in posts if one.message_id is not None}
    await deadline_without_database(desk)
    assert own.team == "payments"
    paged = {to for kind, to in desk.offline_alerter.posted if kind is OfflineKind.PAGE}
    assert paged == {"person:primary", "person:secondary"}


async def test_the_role_of_the_team_has_taken_what_was_reported_meanwhile(desk: Desk) -> None:
    """Its 👀 on the alert that was posted without the database acknowledges what that becomes."""
    await desk.emergency.tick()
    desk.database.is_away = True
    raised = await desk.emergency.raise_alert(reported("api.parky.co.jp"))
    assert raised.alert is not None
    desk.discord.reactions[raised.alert.message_id] = [THEIRS]
    desk.database.is_away = False
    await desk.emergency.tick()
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.ACKNOWLEDGED

"""Teams while the database is away: each incident stays with its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from bot.domain.incident.incident import NewIncident
from bot.domain.outage import OfflineKind
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
schedule = ["pay", "pay_second"]
"""
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

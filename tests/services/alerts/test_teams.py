"""Whose alert it is: its target decides, else the pattern, the channel or the source that it comes by."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import HeldAlert
from bot.domain.alerts.events import EventOrigin
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import IncidentFilter
from bot.runbook import default_policy_text, parse_policy
from bot.services.alerts.events import as_incident, occurrence_of
from bot.storage.tables.incidents import IncidentRows
from tests.services.alerts.test_events import FIRING, SENTRY
from tests.services.alerts.test_events import say as report
from tests.services.alerts.test_monitors import say
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk
from tests.services.triage.triage_walks import go_on, start, walk

TEAMS = """
[oncall.pay]
discord = "pay"

[oncall.web]
discord = "web"

[teams.payments]
channel = "payments-alerts"
schedule = ["pay"]

[teams.web]
channel = "web-alerts"
schedule = ["web"]

[targets."www.parky.co.jp"]
team = "web"

[[alerts.patterns]]
says = "firing"
line = "Shop: {what}"
team = "web"
"""
WATCH = (
    ('p0-alerts = "SEV1"', 'p0-alerts = { severity = "SEV1", team = "payments" }'),
    ('p1-ops = "SEV2"', 'p1-ops = { severity = "SEV2", unknown = "ask", team = "payments" }'),
)
OURS = replace(SENTRY, team="payments")


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk whose policy has two teams, and whose watched channels are those of one of them."""
    text = default_policy_text() + TEAMS
    for old, new in WATCH:
        assert old in text
        text = text.replace(old, new)
    return Desk(database, parse_policy(text, name="x.toml"))


async def teams(desk: Desk) -> list[str | None]:
    """Return the team of every incident, the oldest first."""
    found = await IncidentRows(desk.store.sql).list_incidents(GUILD, IncidentFilter(), limit=25, offset=0)
    return [one.team for one in sorted(found, key=lambda one: one.id)]


async def test_an_event_is_its_sources_teams_unless_its_target_says_otherwise(desk: Desk) -> None:
    """The alert of a source goes to the source's team; a target with a team is the more specific."""
    assert await report(desk, FIRING, 1, sender=OURS)
    assert await report(desk, replace(FIRING, key="w", target="www.parky.co.jp"), 2, sender=OURS)
    assert await report(desk, replace(FIRING, key="n", target=None), 3)
    await desk.work()
    assert await teams(desk) == ["payments", "web", None]
    assert desk.sent(DeliveryKind.ALERT) == [
        "channel:payments-alerts",
        "channel:web-alerts",
        "channel:p1-ops",
    ]
    assert desk.sent(DeliveryKind.PAGE) == ["person:pay", "person:web", "person:primary"]


async def test_a_message_is_its_channels_teams_unless_its_pattern_or_target_says_otherwise(
    desk: Desk,
) -> None:
    """A channel has a team; a pattern is more specific than that, and a target still more."""
    await say(desk, 1, "[FIRING:1] HighErrorRate (api.parky.co.jp critical)")
    await say(desk, 2, "Shop: no orders")
    await say(desk, 3, "[FIRING:1] Slow (www.parky.co.jp critical)")
    assert await teams(desk) == ["payments", "web", "web"]


async def test_the_people_of_the_team_are_asked_about_what_cannot_be_read(desk: Desk) -> None:
    """A message that nobody answers about is tracked for the team whose people were asked."""
    await say(desk, 1, "キオスクの様子：123件", channel="p0-alerts")
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT_QUESTION_DM) == ["person:pay"]
    await desk.database.advance(timedelta(minutes=5, seconds=1))
    await desk.work()
    assert await teams(desk) == ["payments"]


async def test_an_answer_tracks_it_for_the_team(desk: Desk) -> None:
    """A person says that a message is an alert: it is the team's, as if it had been read."""
    await say(desk, 1, "キオスクの様子：123件")
    tracked = await desk.services.questions.track(1, guild_id=GUILD, by=PRIMARY)
    assert tracked.team == "payments"


def test_what_is_held_keeps_its_team(desk: Desk) -> None:
    """An alert that is opened later is opened for the team that it came for."""
    said = occurrence_of(FIRING, OURS, EventOrigin(GUILD, 1, desk.clock.time), desk.policy)
    held = HeldAlert.from_json(HeldAlert.of(as_incident(FIRING, OURS, said)).to_json())
    assert held.as_incident(GUILD, None, began=said.at).team == "payments"


async def test_a_triage_is_the_teams_of_its_target(desk: Desk) -> None:
    """What people report by `/triage` is its first target's team's."""
    desk.policy = replace(desk.policy, team_of_target={"api.parky.co.jp": "web"})
    desk.use(desk.discord)
    view = await walk(desk, "no", "yes")
    assert view.severity is not None
    assert (view.team, view.severity.channel) == ("web", "web-alerts")
    raised = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert raised.incident is not None
    await desk.work()
    assert (raised.incident.team, desk.sent(DeliveryKind.ALERT)) == ("web", ["channel:web-alerts"])


async def test_a_triage_of_a_message_is_its_channels_team_unless_a_target_says_otherwise(desk: Desk) -> None:
    """What the bot has asked about, and a person triages, is the team's that the message came for."""
    await say(desk, 1, "キオスクの様子：123件")
    view = await go_on(desk, await start(desk, message_id=1), "no", "yes")
    assert view.team == "payments"
    raised = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert raised.incident is not None
    assert raised.incident.team == "payments"


async def test_a_triage_of_an_alert_shows_its_team(desk: Desk) -> None:
    """A tracked alert that is declared stays its team's, as the card says before."""
    await say(desk, 1, "Shop: no orders")
    view = await go_on(desk, await start(desk, message_id=1), "no", "yes")
    assert view.team == "web"
    raised = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert raised.incident is not None
    assert (raised.incident.id, raised.incident.team) == (1, "web")

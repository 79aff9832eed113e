"""The policy's rules about single alerts, for messages and events alike."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.alerts.decisions import AlertOutcome
from bot.domain.incident.incident import Incident
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.incidents import IncidentRows
from tests.services.alerts.test_alerts import alert, receive
from tests.services.alerts.test_decisions import decided, outcomes
from tests.services.alerts.test_events import FIRING, OVER, fire, say
from tests.services.database import Database
from tests.services.desk import Desk

MINUTE = timedelta(minutes=1)
FLAPS = 'title = "TypeError*"\nonly_after = 3\nwithin = "10m"'


def ruled(database: Database, *rules: str) -> Desk:
    """A desk whose policy has these rules."""
    tables = "\n\n".join(f"[[alerts.rules]]\n{rule}" for rule in rules)
    return Desk(database, parse_policy(f"{default_policy_text()}\n{tables}\n", name="ruled"))


async def test_an_ignored_alert_opens_nothing_and_says_by_which_rule(database: Database) -> None:
    """A message and an event; what is open already is still counted and ended."""
    desk = ruled(database, 'sender = "other"\nignore = true', 'target = "api.*"\nignore = true')
    assert await say(desk, FIRING, 1) is None
    told = replace(alert(desk), content="ALERT: 5xx on api.parky.co.jp")
    assert await desk.services.alerts.receive(told) is None
    found = await decided(desk, AlertOutcome.IGNORED)
    assert [one.detail.rule for one in found] == [2, 2]
    assert await IncidentRows(desk.store.sql).open_incidents(desk.services.guild_id) == []


async def test_an_alert_opens_when_it_came_often_enough(database: Database) -> None:
    """The third time within ten minutes, and the post says so; the next ones count as usual."""
    desk = ruled(database, FLAPS)
    assert await say(desk, FIRING, 1) is None
    assert await say(desk, FIRING, 1) is None, "the same one again"
    await desk.pass_time(minutes=11)
    assert await say(desk, FIRING, 2) is None, "the first is too long ago"
    await desk.pass_time(minutes=4)
    assert await say(desk, FIRING, 3) is None
    below = (await decided(desk))[0].detail
    assert (below.rule, below.count, below.needed, below.within) == (1, 2, 3, timedelta(minutes=10))
    await desk.pass_time(minutes=4)
    incident = await fire(desk, 4)
    waited = incident.tracked.waited
    assert waited is not None
    assert (waited.count, waited.within_s, incident.tracked.occurrences) == (3, 600, 3)
    assert (await fire(desk, 5)).tracked.occurrences == 4


async def test_what_came_before_an_alert_was_tracked_counts_no_more(database: Database) -> None:
    """After an alert was tracked and has recovered, its earlier occurrences no longer count for its rule."""
    desk = ruled(database, FLAPS)
    opened: list[Incident | None] = []
    for number in range(1, 4):
        opened.append(await say(desk, FIRING, number))
        await desk.database.advance(MINUTE)
    assert [one is not None for one in opened] == [False, False, True]
    await say(desk, OVER, 4)
    await desk.database.advance(MINUTE)
    assert await say(desk, FIRING, 5) is None
    assert (await outcomes(desk))[-2:] == [AlertOutcome.RECOVERED, AlertOutcome.BELOW]


async def test_a_message_that_is_read_again_counts_once(database: Database) -> None:
    """The channel is read behind the events."""
    desk = ruled(database, 'title = "API*"\nonly_after = 2\nwithin = "10m"')
    for _ in range(3):
        assert await desk.services.alerts.receive(alert(desk)) is None
    assert (await receive(desk, alert(desk, 910))).tracked.occurrences == 2


async def test_a_rule_may_change_the_severity(database: Database) -> None:
    """A rule may change an alert's severity, and matches by the severity that the alert has without it."""
    desk = ruled(database, 'severity = "SEV2"\ntarget = "api.*"\nbecomes = "SEV3"')
    assert (await fire(desk)).severity == "SEV3"
    assert (await fire(desk, 2, replace(FIRING, key="x", severity="fatal"))).severity == "SEV1"

"""What would become of an event: as if it had come, and nothing is changed."""

from bot.domain.alerts.decisions import AlertOutcome
from bot.domain.alerts.events import AlertEvent
from bot.services.alerts.decisions import AlertDryRun, MessageDryRun
from bot.services.alerts.opening import Decided
from bot.services.alerts.tracking import AlertReader
from cogs.digest.rules import Verdict
from cogs.digest.use_cases import Digests
from tests.services.alerts.test_events import FIRING, OVER, SENTRY, fire, say
from tests.services.alerts.test_monitors import posted
from tests.services.alerts.test_monitors import say as post
from tests.services.alerts.test_rules import FLAPS, ruled
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk

#: All that an event may change.
ROWS = """
SELECT (SELECT coalesce(jsonb_agg(incidents ORDER BY id), '[]') FROM incidents)::text
    || (SELECT coalesce(jsonb_agg(alert_verdicts), '[]') FROM alert_verdicts)::text
    || (SELECT count(*) FROM alert_decisions) || (SELECT count(*) FROM alert_events)
    || (SELECT count(*) FROM timeline) || (SELECT count(*) FROM deliveries) || (SELECT count(*) FROM pgqueuer)
"""


async def decided(desk: Desk, event: AlertEvent) -> Decided:
    """Return what would become of an event of Sentry, which has changed nothing."""
    before = await desk.database.pool.fetchval(ROWS)
    found = await AlertDryRun(desk.own_store, desk.policy).decide(event, SENTRY, guild_id=GUILD)
    assert await desk.database.pool.fetchval(ROWS) == before
    return found


async def test_a_new_alert_would_open_and_take_no_number(desk: Desk) -> None:
    """An event of a new alert would open it, and the dry run takes no incident number."""
    for _ in range(3):
        assert (await decided(desk, FIRING)).outcome is AlertOutcome.TRACKED
    assert (await fire(desk)).id == 1


async def test_a_known_alert_would_be_counted_or_ended(desk: Desk) -> None:
    """An event would be counted on its open alert or end it, and an end without one finds nothing open."""
    assert (await decided(desk, OVER)).outcome is AlertOutcome.NOTHING_OPEN
    incident = await fire(desk)
    for event, outcome in ((FIRING, AlertOutcome.COUNTED), (OVER, AlertOutcome.RECOVERED)):
        found = await decided(desk, event)
        assert (found.outcome, found.incident and found.incident.id) == (outcome, incident.id)


async def test_a_mute_would_hold_it_back(desk: Desk) -> None:
    """An event would be muted after a mute of its alert."""
    first = await fire(desk)
    await say(desk, OVER, 2)
    await desk.services.of(Digests).verdicts.give(first.id, Verdict.MUTE, by=PRIMARY)
    assert (await decided(desk, FIRING)).outcome is AlertOutcome.MUTED


async def test_a_threshold_would_be_reached_the_third_time(database: Database) -> None:
    """An event would stay below a threshold of three twice, and open an alert the third time."""
    desk = ruled(database, FLAPS)
    for times in (1, 2):
        found = await decided(desk, FIRING)
        assert (found.outcome, found.detail.count, found.detail.needed) == (AlertOutcome.BELOW, times, 3)
        await say(desk, FIRING, times)
    assert (await decided(desk, FIRING)).outcome is AlertOutcome.TRACKED


async def test_a_rule_would_ignore_it(database: Database) -> None:
    """A rule of the policy would ignore an event, and the outcome names the rule's number."""
    desk = ruled(database, 'sender = "sentry"\nignore = true')
    found = await decided(desk, FIRING)
    assert (found.outcome, found.detail.rule) == (AlertOutcome.IGNORED, 1)


async def test_a_recovery_in_other_words_would_end_the_alert_that_it_resembles(desk: Desk) -> None:
    """A dry run of a message finds the same alert as the bot: by likeness, without any change."""
    await post(desk, 1, "🔴 Barrier of gate 3 is stuck", channel="p0-alerts")
    await post(desk, 2, "🔴 Barrier of gate 4 is stuck", channel="p0-alerts")
    message = posted(desk, 3, "Gate 4 works normally again", channel="p0-alerts")
    before = await desk.database.pool.fetchval(ROWS)
    _, found = await MessageDryRun(desk.own_store, desk.policy).decide(message, AlertReader(desk.policy))
    assert (found.outcome, found.incident and found.incident.id) == (AlertOutcome.RECOVERED, 2)
    assert await desk.database.pool.fetchval(ROWS) == before

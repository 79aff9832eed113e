"""Alerts that come as events: the same life as an alert that comes as a message."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.events import AlertEvent, AlertSender, EventOrigin, event_id
from bot.domain.alerts.recognition import Says
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.statistics.period import Span
from bot.domain.timeline.entries import TimelineKind
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.statistics import LoadStatistics
from cogs.digest.rules import Verdict
from cogs.digest.use_cases import Digests
from tests.services.alerts.test_alerts import alert, receive
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk
from tests.services.outcomes import kinds

SENTRY = AlertSender("sentry", "Sentry", "SEV2", {"fatal": "SEV1"})
FIRING = AlertEvent(
    says=Says.FIRING,
    key="4711",
    title="TypeError: card is null",
    target="api.parky.co.jp",
    url="https://sentry.example/issues/4711",
    text="at pay (checkout.ts:12)",
)
OVER = replace(FIRING, says=Says.RESOLVED)


async def say(desk: Desk, event: AlertEvent, number: int, *, sender: AlertSender = SENTRY) -> Incident | None:
    """Let the monitor say it now."""
    origin = EventOrigin(GUILD, event_id(desk.clock.time, number), desk.clock.time)
    return await desk.services.alert_events.receive_event(event, sender, origin)


async def fire(desk: Desk, number: int = 1, event: AlertEvent = FIRING) -> Incident:
    """Let it fire; it is tracked, or counted."""
    incident = await say(desk, event, number)
    assert incident is not None
    return incident


async def now(desk: Desk, incident: Incident) -> Incident:
    """Read it again."""
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def test_an_event_is_tracked_and_posted_in_the_severitys_channel(desk: Desk) -> None:
    """An event opens an alert, which is posted in the severity's channel and pages the primary on-call."""
    incident = await fire(desk)
    assert (incident.kind, incident.severity) == (IncidentKind.ALERT, "SEV2")
    assert (incident.title, incident.targets) == ("TypeError: card is null", ("api.parky.co.jp",))
    assert (incident.reported_by.name, incident.tracked.monitor) == ("Sentry", "Sentry")
    await desk.work()
    assert set(desk.discord.sent) == {
        (DeliveryKind.ALERT, "channel:p1-ops"),
        (DeliveryKind.SEED_ACK, "incident"),
        (DeliveryKind.PAGE, "person:primary"),
    }
    assert await kinds(desk, incident.id) == [
        TimelineKind.OPENED,
        TimelineKind.EVIDENCE,
        TimelineKind.ALERT_POSTED,
        TimelineKind.PAGED,
    ]


async def test_its_post_rings_like_its_severity(desk: Desk) -> None:
    """The post of an event pings as its severity says, because no message came before it."""
    await fire(desk, event=replace(FIRING, severity="fatal"))
    await desk.work()
    [post] = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT]
    assert (post.to, post.data) == ("channel:p0-alerts", {"posting": 1})


async def test_the_policy_names_another_channel(desk: Desk) -> None:
    """The policy can name another channel for the alerts of one monitor."""
    await say(desk, FIRING, 1, sender=replace(SENTRY, channel="p2-deploys"))
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p2-deploys"]


async def test_the_same_event_twice_is_one(desk: Desk) -> None:
    """A job may run again; the next event is counted."""
    first, again = await fire(desk), await fire(desk)
    assert (again.id, again.tracked.occurrences) == (first.id, 1)
    second = await fire(desk, 2)
    assert (second.id, second.tracked.occurrences) == (first.id, 2)


async def test_another_key_is_another_alert(desk: Desk) -> None:
    """Although it reads the same; so is the same key of another monitor."""
    first, other = await fire(desk), await fire(desk, 2, replace(FIRING, key="4712"))
    foreign = await say(desk, FIRING, 3, sender=replace(SENTRY, name="sentry-eu"))
    assert foreign is not None
    assert len({first.id, other.id, foreign.id}) == 3


async def test_a_graver_event_raises_the_severity(desk: Desk) -> None:
    """One alert, posted anew where that severity is; a lesser event lowers nothing."""
    first = await fire(desk)
    await desk.work()
    raised = await fire(desk, 2, replace(FIRING, severity="fatal"))
    assert (raised.id, raised.severity, raised.tracked.occurrences) == (first.id, "SEV1", 2)
    assert raised.ack_due_at == desk.clock.time + timedelta(minutes=15)
    await desk.work()
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p1-ops", "channel:p0-alerts"]
    assert (await fire(desk, 3)).severity == "SEV1"
    assert (await kinds(desk, first.id)).count(TimelineKind.SEVERITY_CHANGED) == 1


async def test_a_graver_event_leaves_an_incident_to_its_people(desk: Desk) -> None:
    """A graver event keeps the severity of a declared incident, and opens an alert of its own.

    The next event of the graver severity is counted on that new alert.
    """
    first = await fire(desk)
    await desk.lifecycle.declare(first.id, by=RESPONDER)
    other = await fire(desk, 2, replace(FIRING, severity="fatal"))
    assert (other.id != first.id, other.severity) == (True, "SEV1")
    assert (await now(desk, first)).severity == "SEV2"
    assert (await fire(desk, 3, replace(FIRING, severity="fatal"))).id == other.id


async def test_a_recovery_closes_what_nobody_has_acknowledged(desk: Desk) -> None:
    """A recovery resolves an unacknowledged alert. A repeated or unknown recovery opens no alert."""
    first = await fire(desk)
    for _ in range(2):
        await say(desk, OVER, 2)
    assert (await now(desk, first)).status is Status.RESOLVED
    assert (
        len(await IncidentRows(desk.store.sql).incidents_between(GUILD, first.triggered_at, desk.clock.time))
        <= 1
    )
    assert await say(desk, replace(OVER, key="other"), 3) is None


async def test_the_policy_may_leave_closing_to_people(database: Database) -> None:
    """A recovery is a line then, and no alert of its own."""
    text = default_policy_text().replace('recovery = "close"', 'recovery = "note"')
    desk = Desk(database, parse_policy(text, name="note"))
    first = await fire(desk)
    over = await say(desk, OVER, 2)
    assert over is not None
    assert (over.id, (await now(desk, first)).status) == (first.id, Status.TRIGGERED)
    assert (await kinds(desk, first.id))[-1] is TimelineKind.RECOVERED


async def test_a_recovery_is_a_line_on_what_somebody_works_on(desk: Desk) -> None:
    """Post a line for the responders when the alert fires again."""
    first = await fire(desk)
    await desk.acknowledger.acknowledge(first.id, by=PRIMARY, via=AckVia.BUTTON)
    await say(desk, OVER, 2)
    assert (await now(desk, first)).status is Status.ACKNOWLEDGED
    await desk.database.advance(timedelta(minutes=1))
    assert (await fire(desk, 3)).id == first.id
    await desk.work()
    told = [row.data["notice"] for row in await desk.database.deliveries() if row.kind is DeliveryKind.NOTICE]
    assert told == ["recovered", "fires_again"]
    assert (await kinds(desk, first.id)).count(TimelineKind.RECOVERED) == 1


async def test_what_was_over_before_it_was_looked_at_opens_nothing(desk: Desk) -> None:
    """Two jobs may run in the other order."""
    fired_at = desk.clock.time
    await desk.database.advance(timedelta(seconds=1))
    await say(desk, OVER, 2)
    late = EventOrigin(GUILD, event_id(fired_at, 1), fired_at)
    assert await desk.services.alert_events.receive_event(FIRING, SENTRY, late) is None
    assert (await fire(desk, 3)).status is Status.TRIGGERED


async def test_a_recovery_that_is_looked_at_late_closes_nothing_that_fired_since(desk: Desk) -> None:
    """A recovery that is processed late leaves an alert open that has fired again since."""
    first = await fire(desk)
    over_at = desk.clock.time
    await desk.database.advance(timedelta(seconds=1))
    await fire(desk, 3)
    late = EventOrigin(GUILD, event_id(over_at, 2), over_at)
    await desk.services.alert_events.receive_event(OVER, SENTRY, late)
    assert (await now(desk, first)).status is Status.TRIGGERED


async def test_what_is_muted_opens_nothing(desk: Desk) -> None:
    """An event of a muted alert opens nothing, but a graver event of the same alert opens an alert."""
    first = await fire(desk)
    await desk.lifecycle.dismiss(first.id, by=PRIMARY)
    await desk.services.of(Digests).verdicts.give(first.id, Verdict.MUTE, by=PRIMARY)
    await desk.database.advance(timedelta(minutes=1))
    assert await say(desk, FIRING, 2) is None
    assert (await fire(desk, 3, replace(FIRING, severity="fatal"))).severity == "SEV1"


async def test_chatter_is_passed_over(desk: Desk) -> None:
    """An event that is neither an alert nor a recovery opens no incident."""
    assert await say(desk, replace(FIRING, says=Says.CHATTER), 1) is None


async def test_eyes_on_its_post_acknowledge(desk: Desk) -> None:
    """A 👀 on the bot's post about an event acknowledges the alert."""
    first = await fire(desk)
    await desk.work()
    [done] = await desk.eyes(desk.message(DeliveryKind.ALERT), by=PRIMARY)
    assert done.incident.id == first.id
    assert (await now(desk, first)).status is Status.ACKNOWLEDGED


async def test_a_click_makes_it_an_incident_without_ringing_twice(desk: Desk) -> None:
    """Declaring an event as an incident posts it again without a ping."""
    first = await fire(desk, event=replace(FIRING, severity="fatal"))
    await desk.work()
    declared = await desk.lifecycle.declare(first.id, by=RESPONDER)
    await desk.work()
    assert declared.kind is IncidentKind.INCIDENT
    posts = [row.data for row in await desk.database.deliveries() if row.kind is DeliveryKind.ALERT]
    assert posts == [{"posting": 1}, {"posting": 2, "quiet": True}]


async def test_a_triage_of_its_post_is_about_the_alert(desk: Desk) -> None:
    """The bot's post about an event leads to the alert and to the alert's title."""
    first = await fire(desk)
    await desk.work()
    post = desk.message(DeliveryKind.ALERT)
    assert await desk.alert_titles.of_message(post) == first.title
    async with desk.store.transaction() as tx:
        assert await AlertRows(tx.sql).alert_of_message(post) == first.id


async def test_a_merged_alert_counts_on_the_other_and_is_not_closed_alone(desk: Desk) -> None:
    """A message's alert and an event's: both must be over."""
    message = await receive(desk, alert(desk))
    event = await fire(desk)
    await desk.merging.merge(event.id, into=message.id, by=RESPONDER)
    await desk.database.advance(timedelta(seconds=1))
    assert (await fire(desk, 2)).id == message.id
    await say(desk, OVER, 3)
    assert (await now(desk, message)).status is Status.TRIGGERED


async def test_statistics_count_it_under_its_monitor(desk: Desk) -> None:
    """Two alerts of one monitor, three events."""
    await fire(desk)
    await fire(desk, 2)
    await fire(desk, 3, replace(FIRING, key="4712"))
    span = Span(desk.clock.time - timedelta(days=1), desk.clock.time + timedelta(days=1))
    [source] = await LoadStatistics(desk.own_store.sql).alert_sources(GUILD, span)
    assert (source.name, source.counts.alerts, source.counts.messages) == ("Sentry", 2, 3)


async def test_an_address_that_is_none_is_left_out(desk: Desk) -> None:
    """The alert matters, not the link."""
    incident = await fire(desk, event=replace(FIRING, url="javascript:alert(1)"))
    assert incident.tracked.origin is not None
    assert incident.tracked.origin.url == ""


@pytest.mark.parametrize("title", ["", "\x00", "@everyone", "\u200b "])
async def test_a_title_that_says_nothing_is_the_monitors_name(desk: Desk, title: str) -> None:
    """The alert is tracked all the same."""
    assert (await fire(desk, event=replace(FIRING, title=title))).title == "Sentry"

"""Show that unanswered pages leave Discord: once by each way, until there is an answer."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from structlog.testing import capture_logs

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NewerVersion, OutboundProblem
from bot.domain.escalation.payloads import PagedOutsideEntry, PagingData
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.records import AcknowledgedEntry
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.people import NotifySettings
from bot.domain.paging import Also, Way
from bot.domain.timeline.entries import TimelineKind
from bot.domain.timeline.recorded import DeliveryFailedEntry
from bot.i18n import Texts
from bot.runbook import load_policy
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.ui.posts.calls import tried
from bot.ui.words.wording import Wording
from tests.cogs.oncall.acts import choose_ways
from tests.services.desk import PRIMARY, RESPONDER, Desk
from tests.services.paging.conftest import start_anew
from tests.services.paging.policies import TOPIC, paging_policy
from tests.standins.paging.server import PUSHOVER_USER, Outside, fails


async def unanswered(desk: Desk) -> Incident:
    """A SEV1 whose deadline has passed."""
    incident = await desk.open()
    await desk.pass_time(minutes=15, seconds=1)
    return incident


async def pages(desk: Desk, incident: Incident) -> dict[Way | None, DeliveryStatus]:
    """The state of each page outside."""
    rows = await desk.database.pool.fetch(
        "SELECT id FROM deliveries WHERE incident_id = $1 AND kind = 'outside_page' ORDER BY id", incident.id
    )
    found = [await DeliveryRows(desk.store.sql).delivery(row["id"]) for row in rows]
    return {PagingData.from_json(one.data).way: one.status for one in found}


async def test_nothing_leaves_discord_before_the_step_that_says_so(desk: Desk, outside: Outside) -> None:
    """No page goes to a system outside before the step that says so, and none after an ack."""
    incident = await desk.open()
    await desk.pass_time(minutes=14)
    assert outside.asked == []
    await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    await desk.pass_time(minutes=20)
    assert outside.asked == []
    assert await pages(desk, incident) == {}


async def test_a_missed_deadline_rings_each_way_once(desk: Desk, outside: Outside) -> None:
    """The person's phone by both services, PagerDuty, and the team's webhook."""
    incident = await unanswered(desk)
    sent = dict.fromkeys((Way.NTFY, Way.PUSHOVER, Way.PAGERDUTY, Way.WEBHOOK), DeliveryStatus.SENT)
    assert await pages(desk, incident) == sent
    (push,) = outside.ntfy.published
    assert (push["topic"], push["priority"]) == (TOPIC, 5)
    assert "決済 API が 5xx" in push["title"]
    assert push["actions"][0]["url"].startswith("https://bot.example.com/ack/")
    (emergency,) = outside.pushover.messages
    assert (emergency["user"], emergency["priority"]) == (PUSHOVER_USER, "2")
    (trigger,) = outside.pagerduty.events
    assert trigger["payload"]["severity"] == "critical"
    assert [one["data"]["incident"] for one in outside.receiver.received.values()] == [incident.label]
    entries = [
        entry
        for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
        if entry.kind is TimelineKind.PAGED_OUTSIDE
    ]
    assert {PagedOutsideEntry.from_json(entry.data or {}).way for entry in entries} == set(map(str, sent))


async def test_the_ack_link_of_a_push_acknowledges_as_its_reader(desk: Desk, outside: Outside) -> None:
    """The ack link of a push acknowledges the incident for the person who was paged by it."""
    incident = await unanswered(desk)
    link = outside.ntfy.published[0]["actions"][0]["url"]
    await desk.links.acknowledge(link.rpartition("/ack/")[2])
    after = await IncidentRows(desk.store.sql).incident(incident.id)
    assert after.acknowledged is not None
    assert after.acknowledged.name == "primary"


async def test_an_ack_in_pagerduty_acknowledges_here_as_that_person(desk: Desk, outside: Outside) -> None:
    """An acknowledge in PagerDuty counts here as its person's, found by email, and ends the push."""
    incident = await unanswered(desk)
    (key,) = outside.pagerduty.told("trigger")
    outside.pagerduty.acknowledge(key, email="Primary@example.com")
    await desk.pass_time(seconds=30)
    after = await IncidentRows(desk.store.sql).incident(incident.id)
    assert after.status is Status.ACKNOWLEDGED
    assert after.acknowledged is not None
    assert after.acknowledged.id == PRIMARY.id
    (entry,) = [
        one
        for one in await TimelineRows(desk.store.sql).timeline(incident.id)
        if one.kind is TimelineKind.ACKNOWLEDGED
    ]
    assert AcknowledgedEntry.from_json(entry.data or {}).via == "pagerduty"
    assert outside.pagerduty.told("acknowledge") == []
    assert len(outside.pushover.cancelled) == 1
    assert outside.pushover.ringing == []


async def test_a_person_whom_nobody_knows_acknowledges_by_the_name_of_the_service(
    desk: Desk, outside: Outside
) -> None:
    """An acknowledge in PagerDuty by an unknown person is recorded under the name there and "PagerDuty"."""
    incident = await unanswered(desk)
    outside.pagerduty.acknowledge(outside.pagerduty.told("trigger")[0])
    await desk.pass_time(seconds=30)
    after = await IncidentRows(desk.store.sql).incident(incident.id)
    assert after.acknowledged is not None
    assert after.acknowledged.name == "Earline Greenholt (PagerDuty)"


async def test_an_incident_that_pagerduty_ends_by_itself_is_not_answered(
    desk: Desk, outside: Outside
) -> None:
    """An incident that PagerDuty resolves by itself stays triggered here, so that the escalation goes on."""
    incident = await unanswered(desk)
    outside.pagerduty.resolve_by_itself(outside.pagerduty.told("trigger")[0])
    await desk.pass_time(seconds=30)
    assert outside.pagerduty.polls > 0
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED


async def test_an_ack_on_the_phone_acknowledges_here_and_in_pagerduty(desk: Desk, outside: Outside) -> None:
    """An acknowledge in Pushover counts here, and is passed on to PagerDuty once."""
    incident = await unanswered(desk)
    outside.pushover.acknowledge(outside.pushover.ringing[0])
    await desk.pass_time(minutes=2)
    after = await IncidentRows(desk.store.sql).incident(incident.id)
    assert after.acknowledged is not None
    assert after.acknowledged.id == PRIMARY.id
    key = outside.pagerduty.told("trigger")
    assert outside.pagerduty.told("acknowledge") == key
    await desk.lifecycle.resolve(incident.id, by=RESPONDER)
    await desk.pass_time(minutes=2)
    assert outside.pagerduty.told("resolve") == key
    asked = len(outside.asked)
    await desk.pass_time(minutes=30, step_s=60)
    assert len(outside.asked) == asked


async def test_an_ack_here_stops_what_rings_and_what_would(desk: Desk, outside: Outside) -> None:
    """A page that failed so far is not sent after the ack."""
    outside.fault = fails(503, "ntfy")
    incident = await unanswered(desk)
    await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    outside.fault = lambda _path: None
    await desk.pass_time(minutes=2)
    assert outside.ntfy.published == []
    assert (await pages(desk, incident))[Way.NTFY] is DeliveryStatus.CANCELLED
    assert len(outside.pagerduty.told("acknowledge")) == 1


async def test_a_way_that_fails_is_in_the_dlq_and_the_next_one_is_tried(desk: Desk, outside: Outside) -> None:
    """A wrong token for the topic. The other push is queued already, so the mail follows."""
    rules = paging_policy(load_policy(None)).severities
    quiet = MappingProxyType({**rules, "SEV1": replace(rules["SEV1"], email_after=None)})
    desk.policy = replace(paging_policy(load_policy(None)), severities=quiet)
    desk.use(desk.discord)
    outside.fault = fails(403, "ntfy")
    incident = await unanswered(desk)
    found = await pages(desk, incident)
    assert (found[Way.NTFY], found[Way.EMAIL]) == (DeliveryStatus.FAILED, DeliveryStatus.SENT)
    failed = [
        DeliveryFailedEntry.from_json(one.data or {})
        for one in await TimelineRows(desk.store.sql).timeline(incident.id)
        if one.kind is TimelineKind.DELIVERY_FAILED
    ]
    assert [(one.of, one.reason) for one in failed] == [("outside_page", "ntfy: HTTP 403")]
    row = await desk.database.pool.fetchrow(
        "SELECT severity, payload::text AS body FROM admin.notification_failures"
    )
    assert row is not None
    assert TOPIC not in row["body"]
    assert row["severity"] is None  # it is no P0 of which nobody got an email


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_system_that_is_away_delays_no_other_way(desk: Desk, outside: Outside, status: int) -> None:
    """A paging system that is away delays neither the other ways nor the escalation in Discord.

    A process that starts once the system is back sends it the page within a minute.
    """
    outside.fault = fails(status, "enqueue")
    incident = await unanswered(desk)
    assert len(outside.ntfy.published) == len(outside.pushover.messages) == 1
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]
    assert outside.pagerduty.events == []
    outside.fault = lambda _path: None
    start_anew(desk)
    await desk.pass_time(minutes=1)
    assert len(outside.pagerduty.incidents) == 1
    assert (await pages(desk, incident))[Way.PAGERDUTY] is DeliveryStatus.SENT


async def test_a_system_that_asks_for_hours_is_followed_by_the_next_way(desk: Desk, outside: Outside) -> None:
    """A quota of the day is used up, for example."""
    rules = paging_policy(load_policy(None)).severities
    quiet = MappingProxyType({**rules, "SEV1": replace(rules["SEV1"], email_after=None)})
    desk.policy = replace(paging_policy(load_policy(None)), severities=quiet)
    desk.use(desk.discord)
    outside.fault = fails(429, "ntfy", retry_after="9" * 400)
    found = await pages(desk, await unanswered(desk))
    assert (found[Way.NTFY], found[Way.EMAIL]) == (DeliveryStatus.FAILED, DeliveryStatus.SENT)


async def test_a_lost_answer_rings_no_second_time(desk: Desk, outside: Outside) -> None:
    """A page that is sent again because the answer was lost rings no second time in any system."""
    outside.drops_first = True
    await unanswered(desk)
    await desk.pass_time(minutes=1)
    assert len(outside.pushover.messages) == 2
    assert len(outside.ntfy.shown) == 1
    assert len(outside.pushover.ringing) == 1
    assert len(outside.pagerduty.incidents) == 1
    assert len(outside.receiver.received) == 1


async def test_a_drill_never_leaves_discord(desk: Desk, outside: Outside) -> None:
    """A ringing SEV1 drill asks no paging system outside Discord, even after its deadline."""
    await desk.open_drill(key="d", rings=True)
    await desk.pass_time(minutes=16)
    assert outside.asked == []


async def test_a_private_incident_says_its_number_only(desk: Desk, outside: Outside) -> None:
    """A page about a private incident gives its number to the systems outside, not its title or target."""
    incident = await desk.open()
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=15, seconds=1)
    everything = f"{outside.ntfy.published}{outside.pushover.messages}{outside.pagerduty.events}"
    everything += str(outside.receiver.received)
    assert len(outside.ntfy.published) == len(outside.pagerduty.events) == 1
    assert incident.label in everything
    assert "決済" not in everything
    assert "api.parky" not in everything


async def test_handing_back_rings_anew(desk: Desk, outside: Outside) -> None:
    """A page after an answer is another alert in PagerDuty: the first one is silent there."""
    desk.policy = paging_policy(load_policy(None), also=(Also.PAGERDUTY,), steps=(1, 2))
    desk.use(desk.discord)
    incident = await unanswered(desk)
    await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    await desk.pass_time(seconds=20)
    await desk.releasing.release(incident.id, by=RESPONDER)
    await desk.pass_time(minutes=16)
    first, second = outside.pagerduty.told("trigger")
    assert outside.pagerduty.incidents[first]["status"] == "acknowledged"
    assert outside.pagerduty.incidents[second]["status"] == "triggered"


async def test_a_later_step_is_no_second_alert_in_pagerduty(desk: Desk, outside: Outside) -> None:
    """A later step uses the same key in PagerDuty, which gets one acknowledge."""
    desk.policy = paging_policy(load_policy(None), also=(Also.PAGERDUTY,), steps=(1, 2))
    desk.use(desk.discord)
    await unanswered(desk)
    await desk.pass_time(minutes=16)
    assert len(outside.pagerduty.told("trigger")) == 2
    assert len(outside.pagerduty.incidents) == 1
    await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    await desk.pass_time(seconds=40)
    assert len(outside.pagerduty.told("acknowledge")) == 1


async def test_a_persons_own_way_comes_after_their_own_wait(desk: Desk, outside: Outside) -> None:
    """Although no step names it; an ack before that keeps the phone silent."""
    desk.policy = paging_policy(load_policy(None), also=())
    desk.use(desk.discord)
    own = NotifySettings(1, "primary", ways=(Also.PUSH,), ntfy="my-own-topic")
    await choose_ways(desk, own)
    await desk.open()
    await desk.work()
    assert [one["topic"] for one in outside.ntfy.published] == ["my-own-topic"]


async def test_pages_go_out_while_discord_is_away(desk: Desk, outside: Outside) -> None:
    """Pages to the systems outside are sent while Discord is away, because they do not need it."""
    incident = await desk.open()
    await desk.work()
    desk.discord.is_away = True
    await desk.pass_time(minutes=15, seconds=1)
    assert len(outside.ntfy.published) == len(outside.pagerduty.events) == 1
    found = await pages(desk, incident)
    assert set(found.values()) == {DeliveryStatus.SENT}


async def test_a_storm_rings_one_phone_six_times_a_minute(desk: Desk, outside: Outside) -> None:
    """The others wait, and an ack takes them back; PagerDuty groups by itself."""
    for number in range(8):
        await desk.open(key=f"k{number}")
    await desk.database.advance(timedelta(minutes=15, seconds=1))
    await desk.work()
    assert len(outside.ntfy.published) == 6
    assert len(outside.pagerduty.incidents) == 8


async def test_a_wait_that_an_ack_ends_rings_nobody(desk: Desk, outside: Outside) -> None:
    """The page is a row from the beginning, due five minutes after the DM."""
    own = NotifySettings(1, "primary", ways=(Also.PUSH,), wait=timedelta(minutes=5))
    await choose_ways(desk, own)
    late = await desk.open(key="late")
    answered = await desk.open(key="answered")
    await desk.pass_time(minutes=4, seconds=58)
    assert outside.asked == []
    await desk.acknowledger.acknowledge(answered.id, by=RESPONDER, via=AckVia.BUTTON)
    await desk.pass_time(seconds=5)
    assert [late.label in one["message"] for one in outside.ntfy.published] == [True]


async def test_a_wrong_token_is_told_once_and_costs_nothing_else(desk: Desk, outside: Outside) -> None:
    """With a wrong token PagerDuty is still paged; its answers are read as soon as the token works.

    One warning in the log says that they cannot be read, however often that is tried.
    """
    outside.fault = fails(401, "/rest/")
    with capture_logs() as lines:
        incident = await unanswered(desk)
        await desk.pass_time(minutes=3)
    assert outside.asked.count("/rest/incidents") > 1
    told = [(line["way"], line["problem"]) for line in lines if line["event"] == "page.out_of_step"]
    assert told == [(Way.PAGERDUTY, OutboundProblem.UNAUTHORISED)]
    (key,) = outside.pagerduty.told("trigger")
    outside.pagerduty.acknowledge(key)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED
    outside.fault = lambda _path: None
    await desk.pass_time(minutes=5)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED


async def test_the_posts_say_what_was_tried_with_what_result(desk: Desk, outside: Outside) -> None:
    """Beside the DMs of each person, and what pages by itself."""
    outside.fault = fails(403, "ntfy")
    incident = await unanswered(desk)
    await desk.pass_time(seconds=5)
    shown = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    said = tried(Wording(Texts.load(), desk.policy), shown)
    assert "プッシュ (ntfy) ⚠️ 届かず" in said
    assert "プッシュ (Pushover) 送信済み" in said
    assert "PagerDuty 送信済み" in said


async def test_what_is_not_configured_is_passed_over(desk: Desk, outside: Outside) -> None:
    """No failure and no row in the DLQ: doctor says it."""
    desk.paging = {}
    desk.use(desk.discord)
    incident = await unanswered(desk)
    assert set((await pages(desk, incident)).values()) == {DeliveryStatus.CANCELLED}
    assert await desk.database.pool.fetchval("SELECT count(*) FROM admin.notification_failures") == 0
    assert outside.asked == []


async def test_a_page_that_is_passed_on_comes_by_the_persons_own_ways_too(
    desk: Desk, outside: Outside
) -> None:
    """The first person cannot respond: the next one gets a DM, and the push that they chose."""
    own = NotifySettings(2, "secondary", ways=(Also.PUSH,), ntfy="second-topic")
    await choose_ways(desk, own)
    incident = await desk.open()
    await desk.work()
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=desk.message(DeliveryKind.PAGE))
    await desk.work()
    assert [one["topic"] for one in outside.ntfy.published] == ["second-topic"]


async def test_a_way_that_only_a_newer_version_knows_is_left_to_that(desk: Desk) -> None:
    """A page by a way that only a newer version knows is neither sent nor given up, and stays pending."""
    incident = await unanswered(desk)
    row = await desk.database.pool.fetchrow(
        "UPDATE deliveries SET status = 'pending', request = NULL, finished_at = NULL,"
        " data = data || '{\"way\": \"telex\"}' WHERE kind = 'outside_page' AND target = 'system:webhook'"
        " RETURNING id"
    )
    assert row is not None
    with pytest.raises(NewerVersion):
        await desk.deliveries.deliver(row["id"])
    assert (await DeliveryRows(desk.store.sql).delivery(row["id"])).status is DeliveryStatus.PENDING
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.TRIGGERED


async def test_a_persons_own_server_may_not_be_in_the_operators_network(desk: Desk, outside: Outside) -> None:
    """A push to a person's own server at a private address fails, and the next way is tried.

    Nothing is published on the operator's ntfy server instead.
    """
    own = NotifySettings(1, "primary", ways=(Also.PUSH,), ntfy="https://127.0.0.1/my-topic")
    await choose_ways(desk, own)
    incident = await desk.open()
    await desk.work()
    found = await pages(desk, incident)
    assert (found[Way.NTFY], found[Way.PUSHOVER]) == (DeliveryStatus.FAILED, DeliveryStatus.SENT)
    failed = await desk.database.pool.fetchval("SELECT error FROM deliveries WHERE status = 'failed'")
    assert failed == "ntfy: the host is at a private address"
    assert outside.ntfy.published == []


@pytest.mark.parametrize("is_away", [False, True])
async def test_an_outage_of_discord_sends_nobody_two_emails_for_one_step(desk: Desk, is_away: bool) -> None:
    """The email in the place of the alert is enough; without an outage the step's own goes out."""
    desk.policy = paging_policy(load_policy(None), also=(Also.EMAIL,), steps=(0,))
    desk.use(desk.discord)
    desk.discord.is_away = is_away
    await desk.open()
    await desk.pass_time(seconds=30)
    assert [email.to for email in desk.mailer.sent].count(("primary@example.com",)) == 1

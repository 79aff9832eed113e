"""Pages outside while time passes between two steps: hours, an outage of the system, a night."""

from dataclasses import replace
from datetime import time, timedelta
from types import MappingProxyType

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Status
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.people import NotifySettings, QuietHours
from bot.domain.paging import Also
from bot.domain.severity import LadderStep
from bot.runbook import load_policy
from bot.storage.tables.incidents import IncidentRows
from tests.cogs.oncall.acts import choose_ways
from tests.services.desk import PRIMARY, RESPONDER, Desk
from tests.services.paging.conftest import start_anew
from tests.services.paging.policies import paging_policy
from tests.services.paging.test_pages_out import unanswered
from tests.standins.paging.server import Outside, fails

ENQUEUE = "/v2/enqueue"


def back(desk: Desk, outside: Outside) -> None:
    """The outage is over."""
    outside.fault = lambda _path: None
    start_anew(desk)


def told(outside: Outside) -> list[str]:
    """The events that PagerDuty took, in order."""
    return [one["event_action"] for one in outside.pagerduty.events]


async def test_an_ack_in_pagerduty_after_an_hour_is_one_here(desk: Desk, outside: Outside) -> None:
    """An acknowledge in PagerDuty an hour after the deadline is noticed here within 31 seconds."""
    incident = await unanswered(desk)
    await desk.pass_time(hours=1, step_s=60)
    (key,) = set(outside.pagerduty.told("trigger"))
    outside.pagerduty.acknowledge(key, email="primary@example.com")
    await desk.pass_time(seconds=31)
    after = await IncidentRows(desk.store.sql).incident(incident.id)
    assert after.acknowledged is not None
    assert after.acknowledged.id == PRIMARY.id


async def test_what_happens_during_an_outage_of_pagerduty_is_told_after_it_in_order(
    desk: Desk, outside: Outside
) -> None:
    """Half an hour, with an ack and the end in it. The end is all that is left to say, once."""
    incident = await unanswered(desk)
    outside.fault = fails(503, "/")
    await desk.pass_time(minutes=5, step_s=60)
    await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    await desk.pass_time(minutes=15, step_s=60)
    await desk.lifecycle.resolve(incident.id, by=RESPONDER)
    await desk.pass_time(minutes=10, step_s=60)
    assert told(outside) == ["trigger"]
    back(desk, outside)
    await desk.pass_time(minutes=6)
    assert told(outside) == ["trigger", "resolve"]
    assert outside.pushover.ringing == []


async def test_an_ack_during_an_outage_and_an_end_after_it_are_both_told(
    desk: Desk, outside: Outside
) -> None:
    """PagerDuty hears of an ack during its outage once it is back, and of the end after it.

    Meanwhile the incident goes on.
    """
    incident = await unanswered(desk)
    outside.fault = fails(503, ENQUEUE)
    await desk.pass_time(minutes=5, step_s=60)
    await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    await desk.pass_time(minutes=25, step_s=60)
    back(desk, outside)
    await desk.pass_time(minutes=6)
    await desk.lifecycle.resolve(incident.id, by=RESPONDER)
    await desk.pass_time(minutes=1)
    assert told(outside) == ["trigger", "acknowledge", "resolve"]


async def test_a_page_whose_answer_was_lost_is_kept_in_step_all_the_same(
    desk: Desk, outside: Outside
) -> None:
    """An acknowledge ends pages outside whose answers were lost, though they have not been retried yet."""
    outside.drops = frozenset({ENQUEUE, "/1/messages.json"})
    await unanswered(desk)
    assert told(outside)[0] == "trigger"
    await desk.eyes(desk.message(DeliveryKind.ALERT), by=RESPONDER)
    outside.drops = frozenset()
    await desk.pass_time(minutes=2)
    assert outside.pagerduty.told("acknowledge") == outside.pagerduty.told("trigger")[:1]
    assert outside.pushover.ringing == []


async def test_pagerduty_rings_after_an_outage_of_half_an_hour_if_nobody_is_on_it(
    desk: Desk, outside: Outside
) -> None:
    """A page to PagerDuty is retried through an outage of half an hour, with one DLQ entry, and arrives."""
    desk.policy = paging_policy(load_policy(None), also=(Also.PAGERDUTY,))
    desk.use(desk.discord)
    outside.fault = fails(503, ENQUEUE)
    incident = await unanswered(desk)
    await desk.pass_time(minutes=30, step_s=60)
    assert told(outside) == []
    assert len(await desk.database.dlq_entries()) == 1  # not one for each try
    back(desk, outside)
    await desk.pass_time(minutes=11)
    assert told(outside) == ["trigger"]
    outside.pagerduty.acknowledge(outside.pagerduty.told("trigger")[0])
    await desk.pass_time(minutes=1)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).status is Status.ACKNOWLEDGED


async def test_what_a_person_chooses_between_two_steps_holds_for_the_next_one(
    desk: Desk, outside: Outside
) -> None:
    """Paging settings that a person changes between two steps hold for the next step.

    A page that waits while its address changes goes to the new address.
    """
    desk.policy = paging_policy(load_policy(None), also=())
    desk.use(desk.discord)
    await desk.open()
    await desk.pass_time(minutes=1)
    assert outside.asked == []
    own = NotifySettings(1, "primary", ways=(Also.PUSH,), wait=timedelta(minutes=5), ntfy="first")
    await choose_ways(desk, own)
    await desk.pass_time(minutes=16, step_s=60)
    await choose_ways(desk, replace(own, ntfy="second"))
    await desk.pass_time(minutes=5)
    assert [one["topic"] for one in outside.ntfy.published] == ["second"]
    await choose_ways(desk, replace(own, ways=()))
    await desk.pass_time(minutes=20, step_s=60)
    assert len(outside.ntfy.published) == 1


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_wait_that_ends_in_quiet_hours_goes_on_until_the_morning(
    desk: Desk, outside: Outside, *, is_answered: bool
) -> None:
    """A P2 at five to ten in the evening; ten minutes later the night has begun, so its page waits for it."""
    sev3 = replace(desk.policy.severities["SEV3"], ladder=(LadderStep(timedelta(), dm=("primary",)),))
    desk.policy = replace(desk.policy, severities=MappingProxyType({**desk.policy.severities, "SEV3": sev3}))
    desk.use(desk.discord)
    evening = desk.clock.time.astimezone(desk.policy.timezone).replace(hour=21, minute=55)
    await desk.database.advance(evening - desk.clock.time)
    ways = (Also.PUSH,)
    night = QuietHours(time(22), time(7))
    await choose_ways(desk, NotifySettings(1, "primary", ways=ways, wait=timedelta(minutes=10), quiet=night))
    incident = await desk.open("SEV3")
    await desk.pass_time(hours=9)
    assert outside.asked == []
    if is_answered:
        await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=6)
    assert len(outside.ntfy.published) == int(not is_answered)

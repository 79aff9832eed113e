"""Show 朝の triage: due incidents are gathered once, and asked about until each is taken."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UpstreamUnavailable
from bot.domain.incident.transitions import AckVia
from cogs.morning_triage.rules import MorningDelivery, MorningRules, MorningView
from cogs.morning_triage.use_cases import MorningTriages, morning_key
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk

POST, NAG = MorningDelivery
DAY = timedelta(days=1)


def mornings(desk: Desk) -> MorningTriages:
    """The guild's morning triages."""
    return desk.services.of(MorningTriages)


async def gathered(desk: Desk, *keys: str) -> list[int]:
    """SEV3 on Tuesday afternoon; the numbers that Wednesday's post at 10:00 has."""
    for key in keys:
        await desk.open("SEV3", key=key)
    await desk.pass_time(hours=19, minutes=54)
    assert await mornings(desk).tick() is None
    await desk.pass_time(minutes=1)
    made = await mornings(desk).tick()
    await desk.work()
    return [] if made is None else list(made.incident_ids)


async def test_one_post_gathers_what_is_due_that_day(desk: Desk) -> None:
    """At 10:00 one post gathers the incidents that are due that day, and a second look posts nothing more."""
    assert await gathered(desk, "a", "b") == [1, 2]
    assert await mornings(desk).tick() is None
    await desk.work()
    assert desk.sent(POST) == ["channel:p2-deploys"]
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_nothing_due_nothing_posted(desk: Desk) -> None:
    """A SEV1 and an acknowledged incident are not gathered, and nothing is posted."""
    await desk.open("SEV1", key="grave")
    taken = await desk.open("SEV3", key="taken")
    await desk.acknowledger.acknowledge(taken.id, by=PRIMARY, via=AckVia.BUTTON)
    assert await gathered(desk) == []
    assert await mornings(desk).tick() is None
    assert desk.sent(POST) == []


async def test_what_comes_today_is_gathered_on_the_next_business_day(desk: Desk) -> None:
    """An incident opened after the morning post is gathered by the post of the next business day."""
    assert await gathered(desk, "a") == [1]
    await desk.open("SEV3", key="later")
    await desk.pass_time(days=1)
    made = await mornings(desk).tick()
    assert made is not None
    assert made.incident_ids == (1, 2)


async def test_it_asks_until_each_is_taken(desk: Desk) -> None:
    """Reminders come at 11:00 and at 12:00 while an incident is untaken, and end once every one is taken."""
    await gathered(desk, "a", "b")
    await desk.pass_time(minutes=59)
    assert desk.sent(NAG) == []
    await desk.pass_time(minutes=1)
    assert desk.sent(NAG) == ["channel:p2-deploys"]
    await desk.acknowledger.acknowledge(1, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(hours=1)
    assert len(desk.sent(NAG)) == 2
    await desk.acknowledger.acknowledge(2, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(hours=8)
    assert len(desk.sent(NAG)) == 2


async def test_it_asks_within_business_hours_and_goes_on_the_next_day(desk: Desk) -> None:
    """An untaken incident causes eight reminders on one day, and the next morning's post gathers it again."""
    await gathered(desk, "a")
    await desk.pass_time(hours=23, minutes=59)
    assert len(desk.sent(NAG)) == 8
    await desk.pass_time(minutes=1)
    made = await mornings(desk).tick()
    await desk.work()
    assert made is not None
    assert made.incident_ids == (1,)
    assert len(desk.sent(POST)) == 2


async def test_a_reminder_answers_the_post_and_asks_for_somebody(desk: Desk) -> None:
    """The reminder carries the post that it answers, and the on-call place that it asks."""
    await gathered(desk, "a")
    await desk.pass_time(hours=1)
    (nag,) = [d for d in await desk.database.deliveries() if d.kind is NAG]
    assert nag.data["answers"] == desk.message(POST)
    assert nag.data["asks"] == "primary"


async def test_striking_twice_asks_once(desk: Desk) -> None:
    """A reminder that runs twice, too early or for another day changes nothing."""
    await gathered(desk, "a")
    day = (await desk.store.now()).astimezone(desk.policy.timezone).date()
    for _ in range(2):
        await mornings(desk).run_job(GUILD, day)
    await mornings(desk).run_job(GUILD, day + DAY)
    await desk.work()
    assert desk.sent(NAG) == []
    await desk.pass_time(hours=1)
    await mornings(desk).run_job(GUILD, day)
    await desk.work()
    assert len(desk.sent(NAG)) == 1


def waiting(desk: Desk) -> list[tuple[str, list[int]]]:
    """The key of each post that was edited, and who still waits there."""
    shown = desk.discord.redrawn
    return [(key, [one.id for one in view.waiting]) for key, view in shown if isinstance(view, MorningView)]


async def test_the_post_follows_whoever_takes_one(desk: Desk) -> None:
    """The morning post is edited when one of its incidents is acknowledged.

    The acknowledge of an incident that is not on the post edits nothing.
    """
    await gathered(desk, "a", "b")
    key = morning_key(GUILD, (await desk.store.now()).astimezone(desk.policy.timezone).date())
    desk.discord.redrawn.clear()
    await desk.acknowledger.acknowledge(1, by=PRIMARY, via=AckVia.BUTTON)
    await desk.work()
    assert waiting(desk) == [(key, [2])]
    other = await desk.open("SEV1", key="other")
    await desk.acknowledger.acknowledge(other.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.work()
    assert len(desk.discord.redrawn) == 1


async def test_what_is_late_by_a_day_or_taken_meanwhile_is_not_posted(desk: Desk) -> None:
    """Discord was away all day: the next morning tells it."""
    await desk.open("SEV3")
    await desk.work()
    desk.discord.failures = [UpstreamUnavailable("away")] * 5_000
    assert await gathered(desk) == [1]
    await desk.work()
    await desk.database.advance(timedelta(hours=14))
    await desk.pass_time(hours=1)
    desk.discord.failures = []
    await desk.pass_time(hours=1)
    assert (desk.sent(POST), desk.sent(NAG)) == ([], [])
    owed = [d for d in await desk.database.deliveries() if d.kind in MorningDelivery]
    assert {d.status for d in owed} == {DeliveryStatus.CANCELLED}


async def test_late_it_gathers_all_the_same(desk: Desk) -> None:
    """After downtime until 20:00 the morning post still comes, without reminders at night."""
    await desk.open("SEV3")
    await desk.database.advance(timedelta(hours=29, minutes=55))
    assert await mornings(desk).tick() is not None
    await desk.work()
    await desk.pass_time(hours=3)
    assert (len(desk.sent(POST)), desk.sent(NAG)) == (1, [])


@pytest.mark.parametrize("without", ["rule", "reminders"])
async def test_a_team_may_do_without(database: Database, without: str) -> None:
    """Without the policy's section nothing is gathered; with nag_every = "none" no reminder is sent."""
    policy = Desk(database).policy
    rule = policy.of(MorningRules).triage
    assert rule is not None
    kept = None if without == "rule" else replace(rule, nag_every=None)
    desk = Desk(database, policy.with_rules(MorningRules(kept)))
    assert await gathered(desk, "a") == ([] if without == "rule" else [1])
    await desk.pass_time(hours=8)
    assert (len(desk.sent(POST)), desk.sent(NAG)) == (0 if without == "rule" else 1, [])

"""Reminders, the watch over an alert, and what happens when it fires again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.action_items import ActionItem, ActionState, WatchedAlert
from bot.domain.alerts.alert import AlertMessage
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.incident.incident import Incident, PersonRef, Role
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryKind
from bot.services.watchdogs import audit
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from cogs.actions.rules import ActionDmReason, ActionEntryKind
from cogs.actions.store import Actions
from cogs.actions.use_cases import ActionUseCases
from cogs.digest.rules import Verdict
from cogs.digest.use_cases import Digests
from tests.cogs.actions.action_desk import (
    FORM,
    JST,
    MONDAY,
    actions,
    add,
    dms,
    ended,
    lines,
    on_monday,
    reasons,
)
from tests.fakes.discord import FakeDiscord
from tests.services.alerts.test_alerts import alert, receive
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk


def december(day: int, hour: int = 10) -> datetime:
    """A moment in December, local."""
    return datetime(2026, 12, day, hour, tzinfo=JST)


async def until(desk: Desk, moment: datetime) -> None:
    """Let time pass until then, and a minute."""
    left = moment - desk.clock.time + timedelta(minutes=1)
    await desk.pass_time(seconds=left.total_seconds())


async def now(desk: Desk, item: ActionItem) -> ActionItem:
    """The item as it is now."""
    return await Actions(desk.store.sql).item(item.id)


async def test_the_owner_is_reminded_ahead_on_the_day_and_weekly(desk: Desk) -> None:
    """Due on Friday; from the second week on the thread is asked instead, and pings the owner."""
    await on_monday(desk)
    await add(desk, await ended(desk))
    seen = [ActionDmReason.ASSIGNED]
    for moment, why in (
        (december(2), ActionDmReason.AHEAD),
        (december(4), ActionDmReason.TODAY),
        (december(11), ActionDmReason.OVERDUE),
    ):
        await until(desk, moment - timedelta(minutes=2))
        assert await reasons(desk) == seen
        await until(desk, moment)
        seen.append(why)
        assert await reasons(desk) == seen
    assert await lines(desk, "action_due") == []
    await until(desk, december(18))
    await until(desk, december(25))
    assert await reasons(desk) == seen
    assert [(one.data["lead_id"], "is_overdue" in one.data) for one in await lines(desk, "action_due")] == [
        (SECONDARY.id, False)
    ] * 2


async def test_a_reminder_is_sent_once_whoever_looks_and_how_often(desk: Desk) -> None:
    """The job runs twice, is lost, and is found again by the auditor."""
    await on_monday(desk)
    item = await add(desk, await ended(desk))
    await until(desk, december(2) - timedelta(minutes=2))
    await desk.database.lose_jobs()
    await desk.database.move_to(december(2) + timedelta(minutes=5))
    assert await audit(desk.store) == [f"action:{item.id}"]
    await desk.work()
    for _ in range(2):
        await desk.use(desk.discord).services.of(ActionUseCases).timers.run_job(item.id)
    await desk.work()
    assert await reasons(desk) == [ActionDmReason.ASSIGNED, ActionDmReason.AHEAD]
    assert (await now(desk, item)).next_at == december(4)


async def test_a_late_reminder_waits_for_daylight_and_says_what_is_true(desk: Desk) -> None:
    """The bot was away from Wednesday on, and comes back in Saturday's night."""
    await on_monday(desk)
    item = await add(desk, await ended(desk))
    await desk.work()
    await desk.database.move_to(december(5, 3))
    await desk.work()
    assert await reasons(desk) == [ActionDmReason.ASSIGNED]
    assert (await now(desk, item)).next_at == december(7)
    await until(desk, december(7))
    assert await reasons(desk) == [ActionDmReason.ASSIGNED, ActionDmReason.TODAY]


async def test_a_done_item_reminds_nobody(desk: Desk) -> None:
    """A done action item reminds nobody; a DM that is queued already is cancelled."""
    await on_monday(desk)
    item = await add(desk, await ended(desk))
    await actions(desk).items.done(item.id, by=SECONDARY)
    await desk.pass_time(days=14)
    assert await dms(desk) == [("user:2", ActionDmReason.ASSIGNED, DeliveryStatus.CANCELLED)]


async def test_who_takes_no_dm_is_asked_in_the_thread(desk: Desk) -> None:
    """The line says why it is there."""
    await on_monday(desk)
    desk.discord.refused.add("user:2")
    await add(desk, await ended(desk))
    await desk.work()
    [line] = await lines(desk, "action_due")
    assert (line.data["lead_id"], line.data["refused"]) == (SECONDARY.id, True)


async def test_without_an_incident_the_person_on_call_hears_of_a_refused_dm(desk: Desk) -> None:
    """If the owner of an item without an incident refuses the DM, the primary on-call gets a DM."""
    await on_monday(desk)
    desk.discord.refused.add("user:2")
    await add(desk, None)
    await desk.work()
    assert [(to, why) for to, why, _ in await dms(desk)] == [
        ("user:2", ActionDmReason.ASSIGNED),
        ("person:primary", ActionDmReason.OWNER_LEFT),
    ]


async def test_an_owner_who_left_is_replaced_by_the_commander(desk: Desk) -> None:
    """The DM asks for another owner."""
    await on_monday(desk)
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.roles.take(incident.id, Role.COMMANDER, by=RESPONDER)
    await desk.lifecycle.resolve(incident.id, by=RESPONDER)
    await add(desk, incident)
    await desk.work()
    desk.discord.left.add("2")
    await until(desk, december(2))
    assert (await dms(desk))[-1] == ("user:3", ActionDmReason.OWNER_LEFT, DeliveryStatus.SENT)


async def test_without_a_commander_the_person_on_call_is_told(desk: Desk) -> None:
    """If the owner of an item without an incident has left the server, the primary on-call gets a DM."""
    await on_monday(desk)
    await add(desk, None)
    await desk.work()
    desk.discord.left.add("2")
    await until(desk, december(2))
    assert (await dms(desk))[-1] == ("person:primary", ActionDmReason.OWNER_LEFT, DeliveryStatus.SENT)


async def test_a_new_owner_is_reminded_and_not_called_absent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item is handed over while Discord is asked for the owner who left."""
    await on_monday(desk)
    item = await add(desk, None)
    await desk.work()
    desk.discord.left.add("2")
    ask = FakeDiscord.person

    async def handed_over(fake: FakeDiscord, guild_id: int, discord: str) -> Person:
        seen = await now(desk, item)
        if discord == "2" and seen.owner == PersonRef(SECONDARY.id, SECONDARY.name):
            form = replace(FORM, owner=RESPONDER)
            await actions(desk).items.edit(item.id, form, shown_version=seen.version, by=RESPONDER)
        return await ask(fake, guild_id, discord)

    monkeypatch.setattr(FakeDiscord, "person", handed_over)
    await until(desk, december(2))
    told = [(to, why) for to, why, _ in await dms(desk) if why is not ActionDmReason.ASSIGNED]
    assert told == [("user:3", ActionDmReason.AHEAD)]


async def test_an_owner_who_may_not_see_it_any_more_is_told_nothing(desk: Desk) -> None:
    """If an item's owner was removed from the private incident, the person on call is reminded instead."""
    await on_monday(desk)
    incident = await ended(desk)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    owner = replace(RESPONDER, roles=frozenset())
    desk.discord.members = (PRIMARY, owner)
    await desk.privacy.add(incident.id, who=owner, by=PRIMARY, key="k")
    await add(desk, await IncidentRows(desk.store.sql).incident(incident.id), by=PRIMARY, owner=owner)
    await desk.work()
    await desk.removals.remove(incident.id, who=owner, by=PRIMARY, key="r")
    await until(desk, december(2))
    assert [to for to, why, _ in await dms(desk) if why is not ActionDmReason.ASSIGNED] == ["person:primary"]


# -- proven closed


def firing(desk: Desk, message_id: int, *, content: str = "API latency 812 ms") -> AlertMessage:
    """The monitor's message, now."""
    return alert(desk, message_id, content, channel="p1-ops")


async def watched(desk: Desk) -> tuple[Incident, Incident, ActionItem]:
    """A tracked alert that is over, the incident of the item, and the item that names the alert; done."""
    await on_monday(desk)
    tracked = await receive(desk, firing(desk, 900))
    await desk.work()
    await desk.lifecycle.cancel(tracked.id, by=RESPONDER)
    incident = await ended(desk)
    [offered] = await actions(desk).lists.alerts(
        GUILD, "latency", incident_id=incident.id, by=RESPONDER, limit=25
    )
    assert offered == WatchedAlert(tracked.tracked.fingerprint or "", tracked.title)
    item = await add(desk, incident, alert=offered)
    await desk.work()
    done = await actions(desk).items.done(item.id, by=SECONDARY)
    await desk.work()
    assert done.watched_until == desk.clock.time + timedelta(days=14)
    assert done.state(MONDAY.date()) is ActionState.WATCHED
    return tracked, incident, done


async def kinds(desk: Desk, incident: Incident) -> list[EntryKind]:
    """What the timeline tells of action items, the last three."""
    found = [
        e.kind
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind.value.startswith("action")
    ]
    return found[1:]


async def test_a_fix_is_verified_once_its_alert_was_silent_for_long_enough(desk: Desk) -> None:
    """A done item is verified when its alert was silent for 14 days, although another alert has fired."""
    _, incident, item = await watched(desk)
    await desk.pass_time(days=13)
    await receive(desk, firing(desk, 901, content="disk of db-1 is full"))
    assert (await now(desk, item)).verified_at is None
    await desk.pass_time(days=1, minutes=1)
    proven = await now(desk, item)
    assert (proven.state(MONDAY.date()), proven.next_at) == (ActionState.VERIFIED, None)
    assert await kinds(desk, incident) == [ActionEntryKind.DONE, ActionEntryKind.VERIFIED]
    assert len(await lines(desk, "action_verified")) == 1


async def test_an_alert_that_fires_again_reopens_the_item(desk: Desk) -> None:
    """A watched alert that fires again reopens its action item, with a DM, a line and a timeline entry."""
    _, incident, item = await watched(desk)
    await desk.pass_time(days=3)
    again = await receive(desk, firing(desk, 902, content="API latency 955 ms"))
    await desk.work()
    reopened = await now(desk, item)
    assert reopened.is_open
    assert (reopened.reopenings, reopened.fired_in) == (1, again.id)
    assert (await dms(desk))[-1] == ("user:2", ActionDmReason.FIRED, DeliveryStatus.SENT)
    [line] = await lines(desk, "action_reopened")
    assert (line.data["fired"], line.data["number"]) == (True, again.id)
    entries = await TimelineRows(desk.store.sql).timeline(incident.id)
    [entry] = [one for one in entries if one.kind is ActionEntryKind.REOPENED]
    assert entry.data is not None
    assert (entry.actor_id, entry.data["with"]) == (None, again.id)


async def test_an_alert_reopens_a_verified_item_too(desk: Desk) -> None:
    """An alert that fires after 60 days of silence reopens the item whose fix had been verified."""
    _, _, item = await watched(desk)
    await desk.pass_time(days=60)
    assert (await now(desk, item)).verified_at is not None
    await receive(desk, firing(desk, 903))
    await desk.work()
    assert (await now(desk, item)).is_open


async def test_a_storm_of_the_same_alert_reopens_it_once(desk: Desk) -> None:
    """Six messages of the same alert reopen the action item once, with one DM and one line."""
    _, _, item = await watched(desk)
    await desk.pass_time(days=1)
    for number in range(5):
        await receive(desk, firing(desk, 910 + number))
    await desk.work()
    await receive(desk, firing(desk, 920))
    await desk.work()
    assert (await now(desk, item)).reopenings == 1
    assert [why for why in await reasons(desk) if why is ActionDmReason.FIRED] == [ActionDmReason.FIRED]
    assert len(await lines(desk, "action_reopened")) == 1


async def test_a_message_from_before_it_was_done_reopens_nothing(desk: Desk) -> None:
    """An alert message from before the item was done, which is read only later, reopens nothing."""
    _, _, item = await watched(desk)
    late = firing(desk, 930)
    late = replace(late, evidence=replace(late.evidence, at=MONDAY - timedelta(hours=1)))
    await receive(desk, late)
    await desk.work()
    assert (await now(desk, item)).state(MONDAY.date()) is ActionState.WATCHED


async def test_an_alert_that_fires_while_the_item_is_open_changes_nothing(desk: Desk) -> None:
    """An alert that fires while its action item is open leaves the item as it was."""
    _, _, item = await watched(desk)
    await actions(desk).items.reopen(item.id, reason="まだ足りない", by=SECONDARY)
    await desk.work()
    before = await now(desk, item)
    await desk.pass_time(hours=1)
    await receive(desk, firing(desk, 940))
    await desk.work()
    assert await now(desk, item) == before


async def test_the_alert_is_found_again_even_if_the_job_is_lost(desk: Desk) -> None:
    """The row says that the item must be looked at."""
    _, _, item = await watched(desk)
    await desk.pass_time(days=1)
    await receive(desk, firing(desk, 950))
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=2))
    assert f"action:{item.id}" in await audit(desk.store)
    await desk.work()
    assert (await now(desk, item)).is_open


async def test_a_muted_alert_proves_nothing(desk: Desk) -> None:
    """The team passes over its messages, but it still fires."""
    tracked, _, item = await watched(desk)
    await desk.services.of(Digests).verdicts.give(tracked.id, Verdict.MUTE, by=PRIMARY)
    await desk.pass_time(days=1)
    assert await desk.services.alerts.receive(firing(desk, 970)) is None
    await desk.work()
    found = await now(desk, item)
    assert (found.is_open, found.fired_in) == (True, None)
    [line] = await lines(desk, "action_reopened")
    assert line.data.get("number") is None


async def test_a_private_alert_is_not_named_in_a_public_thread(desk: Desk) -> None:
    """If the alert that fired again is private, the line about the item does not show its number."""
    _, _, item = await watched(desk)
    await desk.pass_time(days=1)
    again = await receive(desk, firing(desk, 960))
    await desk.database.pool.execute("UPDATE incidents SET is_private = true WHERE id = $1", again.id)
    await desk.work()
    [line] = await lines(desk, "action_reopened")
    assert line.data.get("number") is None
    assert (await now(desk, item)).fired_in == again.id

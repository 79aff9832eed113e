"""Show status updates, their cadence, and reminders of overdue ones."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UpstreamUnavailable, UserError
from bot.domain.incident.forms import Shown
from bot.domain.incident.incident import Incident, Phase, Role, Status, UsersAffected
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.severity import NEXT_BUSINESS_DAY
from bot.domain.timeline.entries import TimelineKind
from bot.runbook import default_policy_text, parse_policy
from bot.services.incidents.updates import NewUpdate
from bot.services.watchdogs import audit
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import name_of
from tests.services.database import Database
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.outcomes import kinds

HALF_HOUR = timedelta(minutes=30)
JST = ZoneInfo("Asia/Tokyo")


def jst(day: int, hour: int) -> datetime:
    """That hour in JST, *day* counted on from November 2026."""
    return datetime(2026, 11, 1, hour, tzinfo=JST) + timedelta(days=day - 1)


async def acknowledged(desk: Desk, severity: str = "SEV1") -> Incident:
    """An incident that the primary is on, its posts there."""
    incident = await desk.open(severity)
    await desk.work()
    result = await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.work()
    return result.incident


def form(incident: Incident, **changed: object) -> NewUpdate:
    """The form as it opens: nothing said, what is known chosen, the cadence as the severity has it."""
    as_opened = NewUpdate("", "", HALF_HOUR, incident.targets, incident.symptoms, key="interaction:1")
    return replace(as_opened, **changed)  # type: ignore[arg-type]


async def told(desk: Desk, notice: str) -> list[Delivery]:
    """The lines of one kind in the thread."""
    return [d for d in await desk.database.deliveries() if d.data.get("notice") == notice]


async def test_an_update_is_told_and_kept(desk: Desk) -> None:
    """A status update is kept on the incident, on the timeline and in the audit, and told in the thread.

    The posts are refreshed, and the next update is due at the promised time.
    """
    incident = await acknowledged(desk)
    await desk.database.advance(timedelta(minutes=3))
    update = form(incident, known=" rollback 中\0 ", impact="決済の 3 割", next_in=timedelta(hours=1))
    result = await desk.updates.tell(incident.id, update, by=RESPONDER)
    assert (result.posted, result.detailed) == (True, False)
    now, last = desk.clock.time, result.incident.updates.last
    assert last is not None
    assert (last.known, last.impact, last.at, last.by) == ("rollback 中", "決済の 3 割", now, "responder")
    assert result.incident.updates.due_at == now + timedelta(hours=1)
    assert await desk.database.job_due_at(f"remind:{incident.id}") == now + timedelta(hours=1)
    await desk.work()
    [line] = await told(desk, "updated")
    assert line.status is DeliveryStatus.SENT
    assert desk.discord.refreshed[-1][0] == result.incident.version
    entry = (await TimelineRows(desk.store.sql).timeline(incident.id))[-1]
    assert (entry.kind, entry.actor_name) == (TimelineKind.UPDATED, "responder")
    assert entry.data == {
        "known": "rollback 中",
        "impact": "決済の 3 割",
        "next_at": (now + timedelta(hours=1)).isoformat(),
        "key": "interaction:1",
        "line": "updated:interaction:1",
    }
    assert (await desk.database.audit_rows())[-1].action == "updated"


async def test_a_phase_is_told_and_kept(desk: Desk) -> None:
    """A phase is kept and told in the thread, whether a status update has words or the phase alone.

    A status update without a phase leaves the incident's phase as it was.
    """
    incident = await acknowledged(desk)
    alone = form(incident, phase=Phase.IDENTIFIED)
    assert (await desk.updates.tell(incident.id, alone, by=PRIMARY)).posted
    entry = (await TimelineRows(desk.store.sql).timeline(incident.id))[-1]
    assert (entry.kind, (entry.data or {}).get("phase")) == (TimelineKind.UPDATED, "identified")
    assert entry.is_update is False, "there are no words to correct"
    words = form(incident, known="戻した", key="interaction:2")
    kept = (await desk.updates.tell(incident.id, words, by=PRIMARY)).incident
    assert (kept.phase, kept.updates.last is not None) == (Phase.IDENTIFIED, True)
    assert "phase" not in ((await TimelineRows(desk.store.sql).timeline(incident.id))[-1].data or {})
    moved = form(incident, known="戻した", phase=Phase.MONITORING, key="interaction:3")
    await desk.updates.tell(incident.id, moved, by=PRIMARY)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).phase is Phase.MONITORING, (
        "the same words, another state"
    )
    lines = [line.data.get("phase") for line in await told(desk, "updated")]
    assert lines == ["identified", None, "monitoring"]


async def test_the_same_phase_alone_is_no_news(desk: Desk) -> None:
    """An update that only repeats the phase is refused as empty, and nothing is posted for it."""
    incident = await acknowledged(desk)
    await desk.updates.tell(incident.id, form(incident, phase=Phase.IDENTIFIED), by=PRIMARY)
    same = form(incident, phase=Phase.IDENTIFIED, key="interaction:2")
    with pytest.raises(UserError, match="update_empty"):
        await desk.updates.tell(incident.id, same, by=PRIMARY)
    assert len(await told(desk, "updated")) == 1


async def test_what_the_triage_says_of_users_makes_no_update_alone(desk: Desk) -> None:
    """What the form had chosen of users is told with an update, but sent as it opened, the form says nothing.

    Once an update has said otherwise, a form that was open since takes nothing back.
    """
    incident = await acknowledged(desk)
    preset = {"users": UsersAffected.YES, "preset": UsersAffected.YES}
    with pytest.raises(UserError, match="update_empty"):
        await desk.updates.tell(incident.id, form(incident, **preset), by=PRIMARY)
    words = form(incident, known="調査中", key="interaction:2", **preset)
    said = (await desk.updates.tell(incident.id, words, by=PRIMARY)).incident
    assert said.users_affected is UsersAffected.YES
    other = form(incident, users=UsersAffected.NO, preset=UsersAffected.YES, key="interaction:3")
    assert (await desk.updates.tell(incident.id, other, by=PRIMARY)).posted
    late = form(incident, known="戻した", key="interaction:4", **preset)
    said = (await desk.updates.tell(incident.id, late, by=RESPONDER)).incident
    assert said.users_affected is UsersAffected.NO
    assert [line.data.get("users") for line in await told(desk, "updated")] == ["yes", "no", None]


async def test_a_reopened_incident_waits_for_its_phase(desk: Desk) -> None:
    """A reopened incident has no phase until an update sets one."""
    incident = await acknowledged(desk)
    await desk.updates.tell(incident.id, form(incident, phase=Phase.MONITORING), by=PRIMARY)
    ended = await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert (ended.phase, ended.shown_phase) == (Phase.MONITORING, None)
    assert (await desk.lifecycle.reopen(incident.id, by=PRIMARY)).phase is None


async def test_the_same_form_tells_once(desk: Desk) -> None:
    """Discord may deliver an interaction twice; both get the same answer."""
    incident = await acknowledged(desk)
    update = form(incident, known="見ています", targets=("parky.co.jp",))
    results = [await desk.updates.tell(incident.id, update, by=PRIMARY) for _ in range(2)]
    assert [(r.posted, r.detailed) for r in results] == [(True, True)] * 2
    assert len(await told(desk, "updated")) == 1
    assert (await kinds(desk, incident.id)).count(TimelineKind.UPDATED) == 1


async def test_a_form_that_is_sent_again_tells_once(desk: Desk) -> None:
    """The same form sent twice by one person posts one update; 25 minutes later it posts another."""
    incident = await acknowledged(desk)
    for key in ("1", "2"):
        result = await desk.updates.tell(incident.id, form(incident, known="調査中", key=key), by=PRIMARY)
        assert result.posted
    assert len(await told(desk, "updated")) == 1
    await desk.updates.tell(incident.id, form(incident, known="調査中", key="3"), by=SECONDARY)
    await desk.database.advance(timedelta(minutes=25))
    await desk.updates.tell(incident.id, form(incident, known="調査中", key="4"), by=SECONDARY)
    assert len(await told(desk, "updated")) == 3


async def test_only_the_details_change(desk: Desk) -> None:
    """/sev1 in a hurry, filled in afterwards: nothing is posted, the next update stays when it was."""
    incident = await desk.open()
    update = form(incident, targets=("parky.co.jp",), symptoms=("slow",))
    result = await desk.updates.tell(incident.id, update, by=PRIMARY)
    assert (result.posted, result.detailed) == (False, True)
    changed = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (changed.targets, changed.symptoms) == (("parky.co.jp",), ("slow",))
    assert (changed.updates.due_at, changed.updates.last) == (None, None)
    assert await told(desk, "updated") == []
    assert (await kinds(desk, incident.id))[-1] is TimelineKind.DETAILS_CHANGED
    assert f"refresh:{incident.id}" in [job.key for job in await desk.database.jobs()]


async def test_what_no_form_offers_stays(desk: Desk) -> None:
    """A target that the policy does not list was named by a monitor, or by an older policy."""
    incident = await acknowledged(desk)
    async with desk.store.transaction() as tx:
        known = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
        named = replace(known, targets=("db-7", "parky.co.jp"), symptoms=("melted",))
        await IncidentWrites(tx.sql).save(replace(named, version=known.version + 1))
    result = await desk.updates.tell(incident.id, form(incident, targets=()), by=PRIMARY)
    assert (result.incident.targets, result.incident.symptoms) == (("db-7",), ("errors", "melted"))


async def test_two_forms_that_were_open_at_once_do_not_undo_each_other(desk: Desk) -> None:
    """Of two update forms that are open at once, each applies only what its own person changed in it."""
    incident = await acknowledged(desk)
    shown = Shown(frozenset(incident.targets), frozenset(incident.symptoms))
    first = form(incident, impact="決済の 3 割", targets=("parky.co.jp",), symptoms=(), shown=shown)
    result = await desk.updates.tell(incident.id, first, by=PRIMARY)
    assert (result.incident.targets, result.incident.symptoms) == (("parky.co.jp",), ())
    second = form(incident, known="ログを確認", impact=None, shown=shown, key="interaction:2")
    result = await desk.updates.tell(incident.id, second, by=SECONDARY)
    assert (result.posted, result.detailed) == (True, False)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.targets, now.symptoms) == (("parky.co.jp",), ())
    assert now.updates.last is not None
    assert (now.updates.last.known, now.updates.last.impact) == ("ログを確認", "決済の 3 割")
    assert (await told(desk, "updated"))[-1].data["impact"] == "決済の 3 割"


async def test_a_form_left_as_it_was_shown_says_nothing(desk: Desk) -> None:
    """A form submitted as it was opened is refused as empty, though others have changed the fields since."""
    incident = await acknowledged(desk)
    shown = Shown(frozenset(incident.targets), frozenset(incident.symptoms))
    first = form(incident, known="a", impact="b", targets=(), symptoms=("slow",), shown=shown)
    await desk.updates.tell(incident.id, first, by=PRIMARY)
    before = await IncidentRows(desk.store.sql).incident(incident.id)
    as_opened = form(incident, impact=None, shown=shown, key="2")
    with pytest.raises(UserError, match="update_empty"):
        await desk.updates.tell(incident.id, as_opened, by=SECONDARY)
    assert await IncidentRows(desk.store.sql).incident(incident.id) == before


async def test_a_form_sent_as_it_opened_is_refused(desk: Desk) -> None:
    """A form of an update that is sent with nothing new is refused as empty, and changes nothing."""
    incident = await acknowledged(desk)
    await desk.updates.tell(incident.id, form(incident, known="a", impact="b"), by=PRIMARY)
    before = await IncidentRows(desk.store.sql).incident(incident.id)
    with pytest.raises(UserError, match="update_empty"):
        await desk.updates.tell(incident.id, form(incident, known=" \n", impact="b", key="2"), by=PRIMARY)
    assert await IncidentRows(desk.store.sql).incident(incident.id) == before


async def test_only_the_impact_changes(desk: Desk) -> None:
    """A status update can change or take back the impact alone, and what is known stays."""
    incident = await acknowledged(desk)
    await desk.updates.tell(incident.id, form(incident, known="a", impact="b"), by=PRIMARY)
    for impact in ("c", ""):
        update = form(incident, impact=impact, key=f"interaction:{impact}")
        result = await desk.updates.tell(incident.id, update, by=PRIMARY)
        assert result.incident.updates.last is not None
        assert (result.incident.updates.last.known, result.incident.updates.last.impact) == ("a", impact)
        assert (await told(desk, "updated"))[-1].data["known"] == ""


async def test_only_another_promise(desk: Desk) -> None:
    """A promise alone moves the next update, or cancels it; the latest update stays."""
    incident = await acknowledged(desk)
    later = form(incident, next_in=timedelta(hours=2))
    result = await desk.updates.tell(incident.id, later, by=PRIMARY)
    assert result.posted
    assert result.incident.updates.last is None
    assert result.incident.updates.due_at == desk.clock.time + timedelta(hours=2)
    assert "known" not in (await told(desk, "updated"))[0].data
    never = await desk.updates.tell(incident.id, form(incident, next_in=None, key="2"), by=PRIMARY)
    assert never.incident.updates.due_at is None
    await desk.pass_time(days=2)
    assert await told(desk, "update_due") == []


async def test_who_may_not_tell(desk: Desk) -> None:
    """A person without permission cannot post an update, and no one can after the end."""
    incident = await acknowledged(desk)
    with pytest.raises(NotPermitted):
        await desk.updates.tell(incident.id, form(incident, known="a"), by=OBSERVER)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="already_resolved"):
        await desk.updates.tell(incident.id, form(incident, targets=("parky.co.jp",)), by=RESPONDER)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).targets == incident.targets


async def test_a_silent_incident_is_asked_for_less_and_less_often(desk: Desk) -> None:
    """An overdue status update is asked for after 30 minutes, then half an hour, 1, 2, 4 and 4 hours later.

    Every reminder is about the same promised time.
    """
    desk.lets_nothing_lapse()
    incident = await acknowledged(desk)
    start = desk.clock.time
    times = ((0.49, 0), (0.51, 1), (1.01, 2), (2.01, 3), (4.01, 4), (7.99, 4), (8.01, 5), (12.01, 6))
    for hours, count in times:
        await desk.pass_time(seconds=(start + timedelta(hours=hours) - desk.clock.time).total_seconds())
        assert len(await told(desk, "update_due")) == count, hours
    assert {line.status for line in await told(desk, "update_due")} == {DeliveryStatus.SENT}
    assert [line.data["reminder"] for line in await told(desk, "update_due")] == [1, 2, 3, 4, 5, 6]
    assert {line.data["due_at"] for line in await told(desk, "update_due")} == {
        (start + HALF_HOUR).isoformat()
    }
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).updates.due_at == start + HALF_HOUR
    entry = next(
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.UPDATE_DUE
    )
    assert (entry.actor_id, entry.data) == (
        None,
        {"due_at": (start + HALF_HOUR).isoformat(), "reminder": 1, "lead": "primary"},
    )


async def test_a_sign_of_life_starts_the_count_again(desk: Desk) -> None:
    """The next one comes after the severity's own interval."""
    incident = await acknowledged(desk)
    await desk.pass_time(minutes=31)
    await desk.updates.tell(incident.id, form(incident, known="a"), by=PRIMARY)
    await desk.pass_time(minutes=29)
    assert len(await told(desk, "update_due")) == 1
    await desk.pass_time(minutes=1)
    assert [line.data["reminder"] for line in await told(desk, "update_due")] == [1, 1]


async def test_who_has_it_is_asked_before_the_commander(desk: Desk) -> None:
    """The person who has the incident is asked for an update that is due, whoever has taken command."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.COMMANDER, by=SECONDARY)
    await desk.pass_time(minutes=30)
    assert (await told(desk, "update_due"))[0].data["lead"] == "primary"


async def test_a_reminder_that_runs_twice_or_too_early(desk: Desk) -> None:
    """Reminds once; too early it only sees that its job is there."""
    incident = await acknowledged(desk)
    await desk.updates.remind(incident.id)
    assert await told(desk, "update_due") == []
    assert await desk.database.job_due_at(f"remind:{incident.id}") == incident.updates.due_at
    await desk.database.advance(HALF_HOUR)
    for _ in range(3):
        await desk.updates.remind(incident.id)
    assert len(await told(desk, "update_due")) == 1


async def test_an_incident_that_is_over_is_not_asked_for(desk: Desk) -> None:
    """A resolved incident gets no reminder; reopening schedules one again."""
    incident = await acknowledged(desk)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert f"remind:{incident.id}" not in [job.key for job in await desk.database.jobs()]
    await desk.database.advance(HALF_HOUR)
    await desk.updates.remind(incident.id)
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    assert await desk.database.job_due_at(f"remind:{incident.id}") == desk.clock.time + HALF_HOUR
    assert await told(desk, "update_due") == []


async def test_another_severity_has_another_cadence(desk: Desk) -> None:
    """A higher severity reschedules the next update from the change; a lower one keeps its time."""
    incident = await acknowledged(desk, "SEV3")
    assert await desk.database.job_due_at(f"remind:{incident.id}") == jst(25, 11)
    await desk.lifecycle.change_severity(incident.id, to="SEV2", by=PRIMARY, reason="r")
    due = desk.clock.time + timedelta(hours=2)
    assert await desk.database.job_due_at(f"remind:{incident.id}") == due
    [line] = await told(desk, "severity_changed")
    assert line.data["next_at"] == due.isoformat(), "the thread was told of another time"
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=PRIMARY, reason="r")
    assert await desk.database.job_due_at(f"remind:{incident.id}") == due


async def test_a_severity_moves_no_promise_that_nobody_has_made(desk: Desk) -> None:
    """Without an acknowledge, a change of severity mentions no next update."""
    incident = await desk.open("SEV1")
    await desk.lifecycle.change_severity(incident.id, to="SEV2", by=PRIMARY, reason="r")
    [line] = await told(desk, "severity_changed")
    assert "next_at" not in line.data


async def test_a_sev3_that_goes_silent_is_asked_about_by_day_and_on_business_days_only(desk: Desk) -> None:
    """Taken on Friday night: on Monday at the end of the morning triage, then each business day."""
    await desk.database.advance(timedelta(days=3, hours=9))
    assert f"{desk.clock.time.astimezone(JST):%a %H:%M}" == "Fri 23:05"
    incident = await acknowledged(desk, "SEV3")
    assert incident.updates.due_at == jst(30, 11)
    await desk.pass_time(days=5)
    asked = [
        entry.at
        for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
        if entry.kind is TimelineKind.UPDATE_DUE
    ]
    assert asked == [jst(30, 11), jst(31, 11), jst(32, 11)]


async def test_an_update_may_promise_the_next_business_day(desk: Desk) -> None:
    """An update may promise the next one for the morning of the next business day."""
    incident = await acknowledged(desk)
    update = form(incident, known="a", next_in=NEXT_BUSINESS_DAY)
    result = await desk.updates.tell(incident.id, update, by=PRIMARY)
    assert result.incident.updates.due_at == jst(25, 11)


async def test_a_severity_for_which_none_is_owed_still_keeps_a_promise(database: Database) -> None:
    """A promised update is asked for even if the severity requires none, and then every hour."""
    text = default_policy_text().replace('update_every = "30m"', 'update_every = "none"')
    desk = Desk(database, parse_policy(text, name="none.toml"))
    desk.lets_nothing_lapse()
    incident = await acknowledged(desk)
    assert f"remind:{incident.id}" not in [job.key for job in await desk.database.jobs()]
    await desk.updates.tell(incident.id, form(incident, known="a"), by=PRIMARY)
    await desk.pass_time(minutes=30)
    assert len(await told(desk, "update_due")) == 1
    assert await desk.database.job_due_at(f"remind:{incident.id}") == desk.clock.time + timedelta(hours=1)


async def test_a_commander_who_has_left_is_not_asked(desk: Desk) -> None:
    """A commander who left the server loses the role; the reminder asks the person who acknowledged."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.COMMANDER, by=SECONDARY)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    desk.discord.left = {str(SECONDARY.id)}
    await desk.pass_time(minutes=31)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert set(now.roles) == {Role.SCRIBE}
    [reminder] = await told(desk, "update_due")
    assert (reminder.data["lead"], reminder.data["gone"]) == ("primary", [SECONDARY.id])
    assert "asks" not in reminder.data
    entry = next(
        e for e in await TimelineRows(desk.store.sql).timeline(incident.id) if (e.data or {}).get("gone")
    )
    assert (entry.kind, entry.actor_id) == (TimelineKind.ROLE_CHANGED, None)
    assert (entry.data or {})["former"] == {"id": SECONDARY.id, "name": "secondary"}
    line = (await told(desk, "role_changed"))[-1]
    assert (line.data["gone"], line.status) == (True, DeliveryStatus.SENT)
    assert line.id < reminder.id, "why somebody else is asked, before it is asked"
    await desk.pass_time(minutes=31)
    assert len(await told(desk, "role_changed")) == 3, "it is said once"


@pytest.mark.parametrize("commander", [None, RESPONDER])
async def test_whoever_has_it_and_has_left_the_server_has_it_no_more(
    desk: Desk, commander: Person | None
) -> None:
    """In the place of a reminder to a responder who has left the server, the ladder goes on.

    A commander who is still there is asked to take the incident.
    """
    incident = await acknowledged(desk)
    if commander is not None:
        await desk.roles.give(incident.id, Role.COMMANDER, to=commander, by=PRIMARY)
    desk.discord.left = {str(PRIMARY.id)}
    await desk.pass_time(minutes=31)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.status, now.owner.id, now.owner.former) == (Status.TRIGGERED, None, PRIMARY.name)
    assert now.owner.why is OwnerWhy.RELEASED
    assert await told(desk, "update_due") == []
    assert desk.sent(DeliveryKind.ESCALATION) != []
    assert desk.sent(DeliveryKind.OFFER) == ([] if commander is None else [f"user:{commander.id}"])
    assert name_of(now.acknowledged) == "primary", "what was stays"
    await desk.pass_time(minutes=31)
    assert len(await told(desk, "released")) == 1, "it is said once"


async def test_what_a_person_who_has_left_had_passes_to_the_next_responder(desk: Desk) -> None:
    """If another person has acknowledged it too, they have it, and the next reminder asks them."""
    incident = await acknowledged(desk)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    desk.discord.left = {str(PRIMARY.id)}
    await desk.pass_time(minutes=31)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.owner.id, now.owner.why) == (SECONDARY.id, OwnerWhy.HANDED)
    await desk.pass_time(minutes=31)
    assert {one.data["lead_id"] for one in await told(desk, "update_due")} == {SECONDARY.id}


async def test_who_cannot_be_looked_up_counts_as_there(desk: Desk) -> None:
    """While Discord is away, a commander keeps the role, and who has the incident gets the reminder."""
    incident = await acknowledged(desk)
    await desk.roles.take(incident.id, Role.COMMANDER, by=SECONDARY)
    await desk.work()
    desk.discord.is_away = True
    await desk.database.advance(HALF_HOUR)
    await desk.updates.remind(incident.id)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).commander is not None
    [reminder] = await told(desk, "update_due")
    assert (reminder.data["lead"], reminder.data["gone"]) == ("primary", [])


async def test_reminders_that_an_outage_held_up_do_not_pile_up(desk: Desk) -> None:
    """After an outage, only the latest reminder is posted."""
    desk.lets_nothing_lapse()
    incident = await acknowledged(desk)
    desk.discord.failures = [UpstreamUnavailable("away")] * 40
    await desk.pass_time(minutes=70)
    desk.discord.failures = []
    await desk.pass_time(minutes=6)
    assert [line.status for line in await told(desk, "update_due")] == [
        DeliveryStatus.CANCELLED,
        DeliveryStatus.SENT,
    ]
    desk.discord.failures = [UpstreamUnavailable("away")]
    await desk.pass_time(minutes=44)
    await desk.updates.tell(incident.id, form(incident, known="a"), by=PRIMARY)
    await desk.pass_time(minutes=10)
    assert len(desk.sent(DeliveryKind.NOTICE)) == 2  # one reminder, one update


async def test_a_reminder_of_an_earlier_promise_is_past(desk: Desk) -> None:
    """A reminder that was delayed until the next one was due is not posted in addition."""
    incident = await acknowledged(desk)
    desk.discord.failures = [UpstreamUnavailable("away")] * 60
    await desk.pass_time(minutes=31)
    await desk.updates.tell(incident.id, form(incident, known="a"), by=PRIMARY)
    await desk.pass_time(minutes=31)
    desk.discord.failures = []
    await desk.pass_time(minutes=10)
    assert [(line.data["reminder"], line.status) for line in await told(desk, "update_due")] == [
        (1, DeliveryStatus.CANCELLED),
        (1, DeliveryStatus.SENT),
    ]


async def test_the_auditor_finds_a_reminder_without_a_job(desk: Desk) -> None:
    """The auditor finds a reminder whose job is lost, and the reminder is sent late."""
    incident = await acknowledged(desk)
    async with desk.store.transaction() as tx:
        await tx.cancel_jobs([f"remind:{incident.id}"])
    await desk.database.advance(timedelta(minutes=32))
    assert await audit(desk.store) == [f"remind:{incident.id}"]
    await desk.work()
    assert len(await told(desk, "update_due")) == 1


@pytest.mark.parametrize("waited_min", [2, 6])
async def test_an_acknowledge_leaves_what_was_promised_before_it(desk: Desk, waited_min: int) -> None:
    """An acknowledge keeps the time of an update that was promised before, even if it is overdue."""
    incident = await desk.open("SEV1")
    await desk.work()
    soon = form(incident, known="調査中", next_in=timedelta(minutes=5))
    promised = (await desk.updates.tell(incident.id, soon, by=RESPONDER)).incident.updates.due_at
    await desk.pass_time(minutes=waited_min)
    before = (await IncidentRows(desk.store.sql).incident(incident.id)).updates
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    kept = (await IncidentRows(desk.store.sql).incident(incident.id)).updates
    assert (kept.due_at, kept) == (promised, before)
    assert await desk.database.job_due_at(f"remind:{incident.id}") == kept.remind_at
    assert len(await told(desk, "update_due")) == (1 if waited_min > 5 else 0)


async def test_the_reminder_of_a_promise_from_before_the_ack_comes_once(desk: Desk) -> None:
    """A status update promised before the acknowledge is asked for once, and of the responder."""
    incident = await desk.open("SEV1")
    await desk.work()
    soon = form(incident, known="調査中", next_in=timedelta(minutes=5))
    await desk.updates.tell(incident.id, soon, by=RESPONDER)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=6)
    [reminder] = await told(desk, "update_due")
    assert reminder.data["lead"] == "primary"
